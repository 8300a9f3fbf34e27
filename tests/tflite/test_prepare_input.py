"""Pixels become what a model takes in one place."""

from __future__ import annotations

import numpy as np
import pytest

from coralexp.artifacts.tflite_model import InputContract, TensorSpec
from coralexp.tflite.prepare_input import prepare_input
from coralexp.tflite.standardize import standardized

PIXELS = np.arange(2 * 16 * 8 * 1, dtype=np.uint8).reshape(2, 16, 8, 1)


def contract(dtype: str, scale: float, offset: float) -> InputContract:
    return InputContract(TensorSpec("image", (1, 16, 8, 1), dtype, 0.0, 0), scale, offset)


def test_plain_pixels_are_not_even_copied() -> None:
    assert prepare_input(PIXELS, contract("uint8", 1.0, 0.0)) is PIXELS


def test_int8_is_pixels_minus_128() -> None:
    prepared = prepare_input(PIXELS, contract("int8", 1.0, -128.0))

    assert prepared.dtype == np.int8
    assert np.array_equal(prepared.astype(int), PIXELS.astype(int) - 128)


def test_float_pixels_are_those_of_the_training() -> None:
    prepared = prepare_input(PIXELS, contract("float32", 1 / 127.5, -1.0))

    assert prepared.dtype == np.float32
    np.testing.assert_allclose(prepared, PIXELS / 127.5 - 1, atol=1e-6)


def test_integers_are_rounded_and_stay_in_their_range() -> None:
    pixels = np.array([0, 1, 2, 255], np.uint8).reshape(1, 2, 2, 1)
    contract_of_other_scale = InputContract(
        TensorSpec("image", (1, 2, 2, 1), "int8", 0.0, 0), 0.8, 0.0
    )

    assert prepare_input(pixels, contract_of_other_scale).ravel().tolist() == [0, 1, 2, 127]


@pytest.mark.parametrize(
    "pixels",
    [PIXELS[0], PIXELS[:, :8], PIXELS.astype(np.float32), np.repeat(PIXELS, 3, axis=3)],
    ids=["no batch", "height", "dtype", "channels"],
)
def test_other_shapes_and_types_are_refused(pixels: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"takes uint8 pixels of shape \[N, 16, 8, 1\]; got "):
        prepare_input(pixels, contract("uint8", 1.0, 0.0))


def test_the_middle_is_standardized_for_every_type_alike() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (3, 20, 11, 1), np.uint8)
    expected = standardized(pixels[:, 6:14, 1:9])

    def prepared(dtype: str, scale: float, offset: float) -> np.ndarray:
        tensor = TensorSpec("image", (1, 8, 8, 1), dtype, 0.0, 0)
        return prepare_input(pixels, InputContract(tensor, scale, offset, (20, 11), True))

    assert np.array_equal(prepared("uint8", 1.0, 0.0), expected)
    assert np.array_equal(prepared("int8", 1.0, -128.0), expected.astype(int) - 128)
    np.testing.assert_allclose(
        prepared("float32", 1 / 127.5, -1.0), expected / 127.5 - 1, atol=1e-6
    )


def test_a_window_is_cut_from_images_of_its_origin_alone() -> None:
    tensor = TensorSpec("image", (1, 8, 8, 1), "uint8", 0.0, 0)

    with pytest.raises(ValueError, match=r"takes uint8 pixels of shape \[N, 20, 11, 1\]; got "):
        prepare_input(PIXELS[:, :8], InputContract(tensor, 1.0, 0.0, (20, 11)))
