"""A window on a screen, drawn by OpenCV."""

from __future__ import annotations

import importlib
import os
import sys
from typing import TYPE_CHECKING

import numpy as np

from coralexp.bundle.files.bundled.manifest import BundleError

if TYPE_CHECKING:
    from PIL import Image

_TITLE = "camera.py (q or Esc ends it)"
_ENDS = (ord("q"), 27)
_REMEDY = "--page shows the same in a browser"


def has_screen() -> bool:
    """Return whether there is a screen, and an OpenCV that draws on it."""
    if sys.platform.startswith("linux") and not (
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    ):
        return False
    try:
        return hasattr(importlib.import_module("cv2"), "imshow")
    except ImportError:
        return False


def show(picture: Image.Image) -> bool:
    """Show a picture; return whether to go on.

    Raises:
        BundleError: If there is no window to be had.
    """
    try:
        cv2 = importlib.import_module("cv2")
    except ImportError as error:
        raise BundleError(f"a window needs OpenCV; {_REMEDY}") from error
    try:
        cv2.imshow(_TITLE, np.ascontiguousarray(np.asarray(picture)[:, :, ::-1]))
        return cv2.waitKey(1) & 0xFF not in _ENDS
    except cv2.error as error:  # opencv-python-headless has the function, and it always fails
        raise BundleError(f"OpenCV has no window here; {_REMEDY}") from error
