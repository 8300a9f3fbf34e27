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


def written(picture: Image.Image, lines: list[str], box: tuple[float, ...]) -> Image.Image:
    """Return a copy with lines of text, and a frame around what the network looked at.

    Args:
        picture: Of mode RGB.
        lines: The first is the largest.
        box: Left, top, right and bottom of the frame, in pixels of the picture.
    """
    times = max(1, -(-_SHORTEST_PX // min(picture.size)))
    width, height = (side * times for side in picture.size)
    shown = picture.resize((width, height), Image.NEAREST) if times > 1 else picture.copy()
    draw = ImageDraw.Draw(shown)
    left, top, right, bottom = (side * times for side in box)
    draw.rectangle((left, top, right - 1, bottom - 1), outline=(255, 255, 255), width=2)
    size, edge = max(height // 12, 12), 4
    down = float(edge)
    for number, line in enumerate(lines):
        font = _font(size if not number else size * 2 // 3)
        words = line.encode("latin-1", "replace").decode("latin-1")  # all that every font has
        mask = font.getmask(words)
        wide, tall = mask.size
        draw.rectangle((0, down - edge, wide + 3 * edge, down + 1.5 * tall + edge), fill=(0, 0, 0))
        draw.text((edge, down), words, fill=(255, 255, 255), font=font)
        down += 1.5 * tall + 2 * edge
    return shown


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
