"""What is in a .tflite file is told as plain values."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.errors import ModelFileError
from coralexp.tflite.graph import Tensor
from coralexp.tflite.reader import read_graph

if TYPE_CHECKING:
    from pathlib import Path

EMBEDDING_V1 = "mobilenet_v1_1.0_224_quant_embedding_extractor"
LSTM = "keras_lstm_mnist_ptq"


@pytest.fixture(scope="session")
def models(shared: Path) -> Path:
    return shared / "edgetpu" / "models"


@pytest.mark.parametrize(
    ("name", "macs", "operators"),
    [
        # published: 569 and 300 million, 41 and 14 for the small ones (with the classifier)
        (EMBEDDING_V1, 567_716_352, 28),
        ("mobilenet_v2_1.0_224_quant", 300_775_552, 66),
        ("mobilenet_v1_0.25_128_quant", 13_570_304, 31),
    ],
)
def test_multiplications_are_those_that_are_published(
    models: Path, name: str, macs: int, operators: int
) -> None:
    graph = read_graph(models / f"{name}.tflite")

    assert graph.macs == macs
    assert len(graph.operators) == operators


def test_the_classifier_that_the_extractor_lacks_is_the_rest_of_the_published_count(
    models: Path,
) -> None:
    classifier = 1024 * 1001

    macs = read_graph(models / f"{EMBEDDING_V1}.tflite").macs + classifier

    assert macs / 1e6 == pytest.approx(568.7, abs=0.05)


def test_parameters_are_counted_once_and_only_those_that_operators_read(models: Path) -> None:
    graph = read_graph(models / "mobilenet_v2_1.0_224_quant.tflite")
    weights = [
        graph.tensors[operator.inputs[1]].constant_bytes
        for operator in graph.operators
        if operator.name in {"CONV_2D", "DEPTHWISE_CONV_2D"}
    ]
    # Keras counts 3,469,760 in the kernels for 1000 classes, and 17,056 channels to normalize.
    kernels = 3_469_760 + 1280  # a byte each, and 1001 classes
    biases = 17_056 + 1001  # four bytes each
    shape_of_the_reshape = 2 * 4

    assert sum(weights) == kernels
    assert graph.parameter_bytes == kernels + 4 * biases + shape_of_the_reshape


def test_ends_are_described(models: Path) -> None:
    graph = read_graph(models / "mobilenet_v2_1.0_224_quant.tflite")
    (image,) = (graph.tensors[index] for index in graph.inputs)
    (answer,) = (graph.tensors[index] for index in graph.outputs)

    assert (image.name, image.shape, image.dtype, image.is_constant) == (
        "input",
        (1, 224, 224, 3),
        "uint8",
        False,
    )
    assert answer.shape == (1, 1001)
    assert graph.bytes_of(graph.inputs) == 224 * 224 * 3


@pytest.mark.parametrize("name", ["mobilenet_v2_1.0_224_quant", "tf2_mobilenet_v2_1.0_224_ptq"])
def test_a_fully_integer_model_has_no_real_valued_tensor(models: Path, name: str) -> None:
    assert read_graph(models / f"{name}.tflite").real_valued() == []


def test_real_valued_tensors_are_named(models: Path) -> None:
    graph = read_graph(models / f"{LSTM}.tflite")

    assert {tensor.dtype for tensor in graph.real_valued()} == {"float32"}
    assert len(graph.real_valued()) == 4


def test_custom_operators_have_their_own_names(models: Path) -> None:
    compiled = read_graph(models / f"{EMBEDDING_V1}_edgetpu.tflite")
    unknown = read_graph(models / "model_invoking_error.tflite")  # it has no buffers, either

    assert [operator.name for operator in compiled.operators] == ["edgetpu-custom-op"]
    assert [operator.name for operator in unknown.operators] == ["fake-op-double"]


def test_operator_versions_are_read(models: Path) -> None:
    graph = read_graph(models / "tf2_mobilenet_v2_1.0_224_ptq.tflite")
    versions = {(operator.name, operator.version) for operator in graph.operators}

    assert ("CONV_2D", 3) in versions
    assert ("DEPTHWISE_CONV_2D", 3) in versions


def test_constants_have_their_values(models: Path) -> None:
    graph = read_graph(models / "mobilenet_v2_1.0_224_quant.tflite")
    reshape = next(operator for operator in graph.operators if operator.name == "RESHAPE")
    values = graph.tensors[reshape.inputs[1]].values()

    assert values.tolist() == [1, 1001]
    assert not values.flags.writeable


@pytest.mark.parametrize(
    ("tensor", "words"),
    [
        (Tensor("x", (1, 2), "int8"), "is computed"),
        (Tensor("x", (2, 2), "int32", data=memoryview(bytes(15))), "holds 15 bytes; .* takes 16"),
        (Tensor("x", (-1, 4), "int8", data=memoryview(bytes(4))), "holds 4 bytes"),
        (Tensor("x", (0,), "int8", data=memoryview(bytes(4))), "holds 4 bytes; .* takes 0"),
        (Tensor("x", (4,), "string", data=memoryview(bytes(16))), "of string, which cannot"),
        (Tensor("x" * 999, (2**31 - 1,) * 64, "int8", data=memoryview(b"1")), "holds 1 bytes"),
    ],
    ids=["computed", "too few", "open", "empty", "text", "immense"],
)
def test_constants_that_cannot_be_had_say_why(tensor: Tensor, words: str) -> None:
    with pytest.raises(ModelFileError, match=words) as raised:
        tensor.values()

    assert len(str(raised.value)) < 1500


def test_half_a_byte_a_value_takes_whole_bytes_together() -> None:
    tensor = Tensor("x", (3,), "int4", data=memoryview(bytes(2)))

    assert tensor.size_bytes == 2
    assert np.int64(tensor.elements) == 3
