"""Picture files of every kind become pixels as a person sees them."""

from __future__ import annotations

import io
import struct
import zlib
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from coralexp.datasets.pictures import DamagedPictureError, decode, fit

if TYPE_CHECKING:
    from collections.abc import Mapping


def stored(picture: Image.Image, kind: str, **options: object) -> bytes:
    stream = io.BytesIO()
    picture.save(stream, kind, **options)
    return stream.getvalue()


def halves(mode: str, left: object, right: object) -> Image.Image:
    """Return a picture of 40 x 20 pixels in two colours."""
    picture = Image.new(mode, (40, 20), right)
    picture.paste(left, (0, 0, 20, 20))
    return picture


@pytest.mark.parametrize(
    ("picture", "kind", "options"),
    [
        (halves("RGB", (255, 0, 0), (0, 0, 255)), "PNG", {}),
        (halves("RGB", (255, 0, 0), (0, 0, 255)), "BMP", {}),
        (halves("RGB", (255, 0, 0), (0, 0, 255)), "JPEG", {"quality": 95, "subsampling": 0}),
        (halves("RGB", (255, 0, 0), (0, 0, 255)).convert("P"), "PNG", {}),
        (halves("RGBA", (255, 0, 0, 255), (0, 0, 255, 255)), "PNG", {}),
    ],
)
def test_every_kind_shows_its_colours(
    picture: Image.Image, kind: str, options: Mapping[str, object]
) -> None:
    pixels = decode(stored(picture, kind, **options), 10, 3, "stretch").astype(int)

    assert np.abs(pixels[5, 1] - (255, 0, 0)).max() < 12
    assert np.abs(pixels[5, 8] - (0, 0, 255)).max() < 12


def test_cmyk_becomes_rgb() -> None:
    data = stored(halves("RGB", (200, 40, 40), (40, 40, 200)).convert("CMYK"), "JPEG", quality=95)

    pixels = decode(data, 10, 3, "stretch").astype(int)

    assert pixels[5, 1, 0] > 150
    assert pixels[5, 1, 2] < 80


def test_what_is_transparent_becomes_white() -> None:
    palette = Image.new("P", (8, 8), 0)
    palette.putpalette([10, 20, 30])

    for data in (
        stored(Image.new("RGBA", (8, 8), (0, 0, 0, 0)), "PNG"),
        stored(Image.new("LA", (8, 8), (0, 0)), "PNG"),
        stored(palette, "PNG", transparency=0),
    ):
        assert decode(data, 4, 3, "crop").min() == 255
        assert decode(data, 4, 1, "crop").min() == 255


def test_sixteen_bits_are_scaled_to_eight() -> None:
    levels = np.array([[0, 257 * 100], [65535, 257 * 200]], dtype=np.uint16)

    pixels = decode(stored(Image.fromarray(levels), "PNG"), 2, 1, "crop")

    assert pixels[..., 0].tolist() == [[0, 100], [255, 200]]


def test_black_and_white_of_one_bit_is_read() -> None:
    pixels = decode(stored(halves("1", 0, 1), "PNG"), 4, 3, "stretch")

    assert pixels[:, 0].max() == 0
    assert pixels[:, 3].min() == 255


def test_the_camera_may_have_been_turned() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees clockwise to see it upright
    data = stored(halves("RGB", (255, 0, 0), (0, 0, 255)), "JPEG", exif=exif, quality=95)

    pixels = decode(data, 10, 3, "stretch").astype(int)

    assert pixels[1, 5, 0] > 200  # what was left is now above
    assert pixels[8, 5, 2] > 200


def test_cropping_takes_the_square_in_the_middle_and_stretching_everything() -> None:
    picture = Image.new("L", (30, 10), 0)
    picture.paste(255, (10, 0, 20, 10))

    assert fit(picture, 10, 1, "crop").min() == 255
    assert fit(picture, 10, 1, "stretch").min() == 0


def test_shrinking_averages_instead_of_picking() -> None:
    board = (np.indices((64, 64)).sum(axis=0) % 2 * 255).astype(np.uint8)

    pixels = fit(Image.fromarray(board), 8, 1, "crop").astype(int)

    assert np.abs(pixels - 128).max() < 8


def test_a_large_jpeg_is_shrunk_while_decoding_to_nearly_the_same() -> None:
    ramp = Image.linear_gradient("L").resize((800, 800))
    data = stored(ramp, "JPEG", quality=95)

    pixels = decode(data, 50, 1, "crop").astype(int)

    assert np.abs(pixels - fit(ramp, 50, 1, "crop")).max() <= 2


def test_the_name_may_lie_about_the_kind() -> None:
    assert decode(stored(Image.new("L", (4, 4), 9), "PNG"), 4, 1, "crop").max() == 9


def bomb() -> bytes:
    """Return the head of a PNG that claims 60,000 x 60,000 pixels."""
    head = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 0, 0, 0, 0)
    chunk = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 99) + b"IDAT"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "no JPEG, PNG or BMP"),
        (b"GIF89a not allowed", "no JPEG, PNG or BMP"),
        (stored(Image.effect_noise((64, 64), 90), "JPEG")[:700], "damaged"),
        (stored(Image.effect_noise((64, 64), 90), "PNG")[:900], "damaged"),
        (bomb(), "more than"),
    ],
)
def test_damage_is_told_in_words(data: bytes, told: str) -> None:
    with pytest.raises(DamagedPictureError, match=told) as caught:
        decode(data, 8, 3, "crop")

    assert "0x" not in str(caught.value)
