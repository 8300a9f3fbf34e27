"""From the bytes of a picture file, of any size and mode, to the pixels of an example."""

from __future__ import annotations

import io
import threading
import warnings
from typing import TYPE_CHECKING, Literal

import numpy as np

if TYPE_CHECKING:
    from PIL.Image import Image

    from coralexp.datasets.contract import Pixels

Resize = Literal["crop", "stretch"]

SUFFIXES = frozenset({".jpg", ".jpeg", ".png", ".bmp"})
FORMATS = ("JPEG", "PNG", "BMP")


class _Warnings:
    """Of odd metadata nothing is said, of too many pixels an error, while any thread decodes.

    The filters are the process's, so the first thread sets them and the last puts them back.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._inside = 0
        self._before = warnings.catch_warnings()

    def __enter__(self) -> None:
        from PIL import Image

        with self._lock:
            if not self._inside:
                self._before = warnings.catch_warnings()
                self._before.__enter__()
                warnings.simplefilter("ignore")
                warnings.simplefilter("error", Image.DecompressionBombWarning)
            self._inside += 1

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._before.__exit__(None, None, None)


_WARNINGS = _Warnings()


class DamagedPictureError(ValueError):
    """The bytes are no picture that can be shown; the text says why."""


def decode(data: bytes, side_px: int, channels: int, resize: Resize) -> Pixels:
    """Decode a file.

    The camera's orientation mark is obeyed; what is transparent becomes white; 16 bits a channel
    are scaled to 8; CMYK becomes RGB. A JPEG of at least four times the side wanted is decoded at a
    half, a quarter or an eighth, as its format allows, which is much faster.

    Args:
        data: All bytes of a JPEG, PNG or BMP file; its name does not matter.
        side_px: Side of the result.
        channels: 1 or 3.
        resize: As for `fit`.

    Returns:
        uint8 `[side_px, side_px, channels]`.

    Raises:
        DamagedPictureError: If the bytes are damaged, or hold more pixels than Pillow holds safe.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    try:
        with _WARNINGS, Image.open(io.BytesIO(data), formats=FORMATS) as picture:
            picture.draft(None, (2 * side_px, 2 * side_px))
            return fit(_plain(ImageOps.exif_transpose(picture)), side_px, channels, resize)
    except UnidentifiedImageError as error:
        raise DamagedPictureError("is no JPEG, PNG or BMP") from error
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise DamagedPictureError(
            f"claims to hold more than {Image.MAX_IMAGE_PIXELS} pixels"
        ) from error
    except Exception as error:  # Pillow answers damage with exceptions of many kinds
        raise DamagedPictureError(f"is damaged: {error or type(error).__name__}") from error


def fit(picture: Image, side_px: int, channels: int, resize: Resize) -> Pixels:
    """Bring a picture to the size and the channels wanted.

    Args:
        picture: Of mode `L` or `RGB`.
        side_px: Side of the result.
        channels: 1 (grey: luma of ITU-R 601) or 3.
        resize: `crop` takes the largest square in the middle, `stretch` everything; then bilinear,
            antialiased where the picture shrinks.

    Returns:
        uint8 `[side_px, side_px, channels]`.
    """
    from PIL import Image

    width, height = picture.size
    side = min(width, height)
    left, top = (width - side) / 2, (height - side) / 2
    box = (left, top, left + side, top + side) if resize == "crop" else (0, 0, width, height)
    coloured = picture.convert("L" if channels == 1 else "RGB")
    resized = coloured.resize((side_px, side_px), Image.Resampling.BILINEAR, box)
    return np.asarray(resized, dtype=np.uint8).reshape(side_px, side_px, channels)


def _plain(picture: Image) -> Image:
    """Return the picture in mode `L` or `RGB`, on white."""
    from PIL import Image

    if picture.mode.startswith("I"):
        levels = np.clip(np.asarray(picture, dtype=np.float64), 0, 65535)
        return Image.fromarray(np.round(levels / 257).astype(np.uint8))
    if picture.has_transparency_data:
        opaque = picture.convert("RGBA")
        white = Image.new("RGBA", opaque.size, "white")
        return Image.alpha_composite(white, opaque).convert("RGB")
    return picture.convert("L" if picture.mode in {"1", "L"} else "RGB")
