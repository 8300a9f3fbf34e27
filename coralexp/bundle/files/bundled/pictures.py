"""From a picture of any size and mode to the pixels that the network was trained on.

The steps are those of the training: turn as the camera says, white behind what is transparent, the
largest square in the middle (or everything, stretched), grey or RGB, bilinear. The decoder of JPEG
is that of the Pillow here; of one and the same, the pixels are equal.
"""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from coralexp.bundle.files.bundled.manifest import BundleError

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp")
FORMATS = ("JPEG", "PNG", "BMP")
_GREY = 1
_BILINEAR = getattr(Image, "Resampling", Image).BILINEAR  # its place before Pillow 9.1


def read_picture(path: Path, side_px: int, channels: int, resize: str) -> np.ndarray:
    """Return the pixels of a JPEG, PNG or BMP file; arguments and result as for `fit`.

    Raises:
        BundleError: If it cannot be read.
    """
    try:
        with Image.open(io.BytesIO(path.read_bytes())) as picture:
            _check_format(path, picture)
            picture.draft(None, (2 * side_px, 2 * side_px))
            return fit(_plain(_upright(picture)), side_px, channels, resize)
    except BundleError:
        raise
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror or error})") from error
    except Exception as error:  # Pillow answers damage with exceptions of many kinds
        raise BundleError(f"{path}: is damaged ({error})") from error


def fit(picture: Image.Image, side_px: int, channels: int, resize: str) -> np.ndarray:
    """Bring a picture to the size and the channels wanted.

    Args:
        picture: Of mode `L` or `RGB`.
        side_px: Side of the result.
        channels: 1 (grey) or 3.
        resize: `crop` takes the largest square in the middle, `stretch` everything.

    Returns:
        uint8 `[side_px, side_px, channels]`.
    """
    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side) if resize == "crop" else (0, 0, width, height)
    coloured = picture.convert("L" if channels == _GREY else "RGB")
    resized = coloured.resize((side_px, side_px), _BILINEAR, box)
    return np.asarray(resized, dtype=np.uint8).reshape(side_px, side_px, channels)


def _check_format(path: Path, picture: Image.Image) -> None:
    if picture.format not in FORMATS:
        raise BundleError(f"{path}: is no JPEG, PNG or BMP")


def _upright(picture: Image.Image) -> Image.Image:
    turned = ImageOps.exif_transpose(picture)
    return picture if turned is None else turned


def _plain(picture: Image.Image) -> Image.Image:
    """Return the picture in mode `L` or `RGB`, on white."""
    if picture.mode.startswith("I"):
        levels = np.clip(np.asarray(picture, dtype=np.float64), 0, 65535)
        return Image.fromarray(np.round(levels / 257).astype(np.uint8))
    if picture.mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in picture.info:
        opaque = picture.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(white, opaque).convert("RGB")
    return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
