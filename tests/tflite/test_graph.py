"""A .tflite file is read without being run, and a damaged one is refused in words."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.errors import ModelFileError
from coralexp.tflite.graph import Graph
from coralexp.tflite.reader import read_graph

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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match=r"missing\.tflite: cannot be read \(No such file"):
        read_graph(tmp_path / "missing.tflite")


@pytest.mark.parametrize(
    "content",
    [b"", b"TFL3", b"\x89PNG\r\n\x1a\n" * 10, b"\x00" * 100],
    ids=["empty", "short", "a picture", "zeros"],
)
def test_a_foreign_file_is_no_model(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(content)

    with pytest.raises(ModelFileError, match="is no TensorFlow Lite model"):
        read_graph(path)


def test_a_cut_file_is_damaged(tmp_path: Path, models: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes((models / f"{LSTM}.tflite").read_bytes()[:1000])

    with pytest.raises(ModelFileError, match="is damaged"):
        read_graph(path)


def read_harmed(data: bytes) -> None:
    """Read a harmed file and use everything that is offered."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "model.tflite"
        path.write_bytes(data)
        try:
            graph = read_graph(path)
        except ModelFileError:
            return
    assert isinstance(graph, Graph)
    assert graph.macs >= 0
    assert graph.parameter_bytes >= 0
    assert graph.bytes_of((*graph.inputs, *graph.outputs)) >= 0
    graph.real_valued()


SMALL_FILES = st.sampled_from([LSTM, "model_invoking_error"])


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_random_changes_give_a_graph_or_an_error_of_ours(models: Path, data: st.DataObject) -> None:
    harmed = bytearray((models / f"{data.draw(SMALL_FILES)}.tflite").read_bytes())
    places = st.integers(8, len(harmed) - 1)  # behind the identifier
    for place in data.draw(st.lists(places, min_size=1, max_size=20)):
        harmed[place] = data.draw(st.integers(0, 255))

    read_harmed(bytes(harmed))


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_truncation_gives_a_graph_or_an_error_of_ours(models: Path, data: st.DataObject) -> None:
    whole = (models / f"{data.draw(SMALL_FILES)}.tflite").read_bytes()

    read_harmed(whole[: data.draw(st.integers(0, len(whole) - 1))])
