"""An answer written on the picture that it is about."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from typing import Union

    Font = Union[ImageFont.FreeTypeFont, ImageFont.ImageFont]

_SHORTEST_PX = 320  # smaller pictures are enlarged, for words to fit
_QUALITY = 80
_EDGE_PX = 4
_NEAREST = getattr(Image, "Resampling", Image).NEAREST  # its place before Pillow 9.1


def written(picture: Image.Image, lines: list[str], box: tuple[float, ...]) -> Image.Image:
    """Return a copy with lines of text, and a frame around what the network looked at.

    Args:
        picture: Of mode RGB.
        lines: The first is the largest.
        box: Left, top, right and bottom of the frame, in pixels of the picture.
    """
    times = max(1, -(-_SHORTEST_PX // min(picture.size)))
    width, height = (side * times for side in picture.size)
    shown = picture.resize((width, height), _NEAREST) if times > 1 else picture.copy()
    draw = ImageDraw.Draw(shown)
    left, top, right, bottom = (side * times for side in box)
    draw.rectangle((left, top, right - 1, bottom - 1), outline=(255, 255, 255), width=2)
    size, down = max(height // 12, 12), 0.0
    for number, line in enumerate(lines):
        font = _font(size if not number else size * 2 // 3)
        down = _line(draw, line.encode("latin-1", "replace").decode("latin-1"), font, down)
    return shown


def _line(draw: ImageDraw.ImageDraw, words: str, font: Font, down: float) -> float:
    """Write white words on black; return where the next line begins. Every font has Latin 1."""
    wide, tall = font.getmask(words).size
    bottom: float = down + 1.5 * tall + 2 * _EDGE_PX
    draw.rectangle((0, down, wide + 3 * _EDGE_PX, bottom), fill=(0, 0, 0))
    draw.text((_EDGE_PX, down + _EDGE_PX), words, fill=(255, 255, 255), font=font)
    return bottom


def as_jpeg(picture: Image.Image) -> bytes:
    """Return the bytes of a JPEG file."""
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def looked_at(size: tuple[int, int], resize: str) -> tuple[float, ...]:
    """Return what the network sees of a picture of this size; see `pictures.fit`."""
    width, height = size
    if resize != "crop":
        return (0, 0, width, height)
    side = min(size)
    left, top = (width - side) / 2, (height - side) / 2
    return (left, top, left + side, top + side)


def _font(size: int) -> Font:
    try:
        return ImageFont.load_default(size)
    except TypeError:  # before Pillow 10.1 there is one size
        return ImageFont.load_default()
