"""Pixels to what a model takes: the one place where images are scaled for inference."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.tflite.preprocess import preprocess

if TYPE_CHECKING:
    from coralexp.artifacts.tflite_model import InputContract


def prepare_input(
    pixels: npt.NDArray[np.uint8], contract: InputContract
) -> npt.NDArray[np.generic]:
    """Return pixels as the model wants them.

    Args:
        pixels: uint8 `[N, H, W, C]` in [0, 255], of `contract.image_shape`.
        contract: What the model takes, and what is done to an image before.

    Returns:
        `[N, h, w, C]` of the contract's shape and dtype.

    Raises:
        ValueError: If the pixels are not uint8 or not of that height, width and channels.
    """
    expected = contract.image_shape
    if pixels.dtype != np.uint8 or pixels.shape[1:] != expected:
        raise ValueError(
            f"the model takes uint8 pixels of shape [N, {', '.join(map(str, expected))}]; "
            f"got {pixels.dtype} {list(pixels.shape)}"
        )
    pixels = preprocess(pixels, contract.preprocessing)
    dtype = np.dtype(contract.tensor.dtype)
    if dtype == np.uint8 and contract.pixel_scale == 1 and contract.pixel_offset == 0:
        return pixels
    values = pixels.astype(np.float32) * np.float32(contract.pixel_scale)
    values += np.float32(contract.pixel_offset)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(dtype)
