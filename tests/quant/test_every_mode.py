"""Every quantization mode keeps its promise on a network of MobileNet's operators."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.tflite.reader import read_graph
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.artifacts.tflite_model import TfliteModel

    Convert = Callable[[str], TfliteModel]

pytestmark = pytest.mark.tf

INTEGER = ["ptq", "ptq_int8", "ptq_ai_edge", "qat", "qat_int8"]
FLOAT_ENDS = ["none", "dynamic", "float16", "int16x8"]
# The highest versions that edgetpu_compiler 16 takes.
ACCEPTED = {
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 3,
    "MEAN": 2,
    "FULLY_CONNECTED": 4,
    "SOFTMAX": 2,
    "QUANTIZE": 2,
}


def pixels_of(noise: Path) -> np.ndarray:
    return np.load(noise / "test" / "images.npy")


@pytest.mark.parametrize("name", INTEGER)
def test_every_tensor_of_an_integer_mode_is_of_integers_and_of_fixed_size(
    convert: Convert, name: str
) -> None:
    graph = read_graph(convert(name).path)

    assert graph.real_valued() == []
    assert all(size >= 1 for tensor in graph.tensors for size in tensor.shape)
    assert {tensor.dtype for tensor in graph.tensors} <= {"int8", "uint8", "int32"}
    assert [graph.tensors[index].shape[0] for index in (*graph.inputs, *graph.outputs)] == [1, 1]


@pytest.mark.parametrize("name", INTEGER)
def test_operators_of_an_integer_mode_are_as_old_as_the_compiler_wants(
    convert: Convert, name: str
) -> None:
    for operator in read_graph(convert(name).path).operators:
        assert operator.version <= ACCEPTED[operator.name]


@pytest.mark.parametrize("name", INTEGER)
def test_plain_pixels_go_into_an_integer_model(convert: Convert, name: str) -> None:
    contract = convert(name).input
    signed = name.endswith(("int8", "ai_edge"))  # the latter knows no uint8

    assert contract.tensor.scale == pytest.approx(2 / 255, rel=1e-6)
    assert contract.tensor.dtype == ("int8" if signed else "uint8")
    assert contract.tensor.zero_point in ({-1, 0} if signed else {127, 128})
    assert (contract.pixel_scale, contract.pixel_offset) == (1, -128 if signed else 0)


@pytest.mark.parametrize("name", INTEGER)
def test_answers_are_shares_of_256(convert: Convert, name: str) -> None:
    model = convert(name)

    assert model.output.dtype == model.input.tensor.dtype
    assert model.output.scale == pytest.approx(1 / 256)
    assert model.output.shape == (1, 3)


@pytest.mark.parametrize("name", FLOAT_ENDS)
def test_other_modes_have_float_ends_and_scaled_pixels(convert: Convert, name: str) -> None:
    model = convert(name)

    assert model.input.tensor.dtype == model.output.dtype == "float32"
    assert model.input.pixel_scale == pytest.approx(1 / 127.5)
    assert model.input.pixel_offset == -1
    assert read_graph(model.path).real_valued()


@pytest.mark.parametrize(
    ("name", "weights"),
    [("none", "float32"), ("dynamic", "int8"), ("float16", "float16"), ("int16x8", "int8")],
)
def test_weights_are_stored_as_the_mode_says(convert: Convert, name: str, weights: str) -> None:
    tensors = read_graph(convert(name).path).tensors
    largest = max(tensors, key=lambda tensor: tensor.constant_bytes)

    if name != "dynamic":  # which leaves kernels as small as these alone
        assert largest.dtype == weights


@pytest.mark.parametrize("name", [*INTEGER, *FLOAT_ENDS])
def test_every_mode_says_what_the_float_model_says(
    convert: Convert, noise: Path, name: str
) -> None:
    pixels = pixels_of(noise)

    told = probabilities(convert(name), pixels, threads=1)
    expected = probabilities(convert("none"), pixels, threads=1)

    assert np.abs(told - expected).max() < 0.02


@pytest.mark.parametrize("name", ["ptq", "ptq_int8", "qat", "none"])
def test_a_batch_answers_exactly_as_single_images(convert: Convert, noise: Path, name: str) -> None:
    pixels = np.concatenate([pixels_of(noise), *(pixels_of(noise)[:, ::-1] for _ in range(2))])
    model = convert(name)
    done: list[int] = []

    together = probabilities(model, pixels, 2, lambda step: done.append(step.done))
    alone = [probabilities(model, pixels[row : row + 1], 1) for row in range(len(pixels))]

    assert done == sorted(done)
    assert done[-1] == 48
    if name == "none":
        np.testing.assert_allclose(together, np.concatenate(alone), atol=1e-6)
    else:
        assert np.array_equal(together, np.concatenate(alone))


def test_signed_and_unsigned_ends_say_the_same(convert: Convert, noise: Path) -> None:
    signed, unsigned = (
        probabilities(convert(name), pixels_of(noise), 1) for name in ("ptq_int8", "ptq")
    )

    assert np.array_equal(signed, unsigned)


@pytest.mark.parametrize(("width", "share"), [(0.35, 0.40), (1.0, 0.30)])
def test_an_integer_file_is_a_fraction_of_the_float_file(
    sizes: Callable[[float], dict[str, int]], width: float, share: float
) -> None:
    bytes_of = sizes(width)

    assert bytes_of["ptq"] / bytes_of["none"] <= share


def test_what_older_exercises_optimize_for_makes_no_difference(convert: Convert) -> None:
    files = {convert(name).path.read_bytes() for name in ("dynamic", "for_size", "for_latency")}

    assert len(files) == 1


def test_one_scale_for_all_channels_is_what_was_asked_for(convert: Convert) -> None:
    def scales(name: str) -> int:
        graph = read_graph(convert(name).path)
        return max(len(t.quantization.scales) for t in graph.tensors if t.quantization)

    assert scales("ptq") > 1
    assert scales("ptq_per_tensor") == 1
