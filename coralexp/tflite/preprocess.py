"""The host's own steps, for whoever trains, calibrates, evaluates or classifies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.tflite.standardize import standardized

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    from coralexp.artifacts.preprocessing import Preprocessing


def preprocess(pixels: npt.NDArray[np.uint8], steps: Preprocessing) -> npt.NDArray[np.uint8]:
    """Return images of a dataset as the network takes them.

    Args:
        pixels: uint8 `[N, H, W, C]`.
        steps: What to do; nothing copies nothing.

    Returns:
        uint8 `[N, h, w, C]`; of a window, whose middle is that of the image, `h` and `w` are its
        side.
    """
    if steps.window_px:
        top, left = ((side - steps.window_px) // 2 for side in pixels.shape[1:3])
        pixels = pixels[:, top : top + steps.window_px, left : left + steps.window_px]
    return standardized(pixels) if steps.standardize else pixels
