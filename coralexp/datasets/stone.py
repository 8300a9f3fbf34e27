"""Signs cut into stone, and what weather and light do to them.

A sign is drawn once, large and soft. Every picture then moves it, cuts it into a block of stone
from a quarry, wears it, lights it from one side and photographs it. All chance comes from the
caller's generator and from the quarry, so equal numbers give equal pixels. The quarry's fields are
rounded to 1/256 before they are used, so that the last bits of the Fourier transform, which
processors compute differently, hardly ever reach a pixel.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageFont import FreeTypeFont

    from coralexp.datasets.contract import Pixels

Field = npt.NDArray[np.float32]

OVERSAMPLING = 2  # side of a stored sign over the side of a picture
FILL = 0.70  # longest side of a sign, share of the picture's side
CHISEL = 0.036  # width of a cut, share of the side: wide signs are not cut finer than tall ones
LINE = 0.022  # width of the font's own lines, share of its size
DUSTY = 0.15  # share of the cuts that light dust has settled in
REFERENCE_PX = 96  # lengths below are pixels at this side

# sRGB of the darkest, middle and lightest tone of a block.
STONES: npt.NDArray[np.float32] = np.array(
    [
        [(58, 46, 34), (196, 178, 146), (246, 236, 214)],  # limestone
        [(54, 34, 20), (182, 140, 96), (238, 208, 168)],  # sandstone
        [(46, 32, 32), (158, 118, 108), (226, 196, 186)],  # rose granite
        [(22, 24, 28), (104, 106, 108), (196, 198, 198)],  # greywacke
        [(64, 56, 46), (206, 196, 180), (252, 248, 240)],  # alabaster
    ],
    dtype=np.float32,
)


@dataclass(frozen=True)
class Wear:
    """How worn a stone is; 0 is untouched, 1 is strong, more is allowed.

    Attributes:
        noise: Grain of the photograph.
        blur: Loss of focus.
        rotation_deg: Largest turn either way, in degrees.
        shadow: Strength of the slanting light: edges, a slope, a cast shadow.
        erosion: Edges eaten, depth lost in patches, pits.
    """

    noise: float
    blur: float
    rotation_deg: float
    shadow: float
    erosion: float


@dataclass(frozen=True)
class Quarry:
    """Endless stone: noise fields that repeat after `period_px`, large enough to hide it.

    Attributes:
        fields: float32 `[4, P, P]`, mean 0 and deviation 1: tint, patches, edges, pits, from wide
            to fine.
        side_px: Side of the blocks.
    """

    fields: Field
    side_px: int

    def block(self, dice: list[float]) -> list[Field]:
        """Return a piece `[side_px, side_px]` of each field, given two numbers in [0, 1) for it."""
        side = self.side_px
        corners = [int(number * (self.fields.shape[1] - side)) for number in dice]
        return [
            field[row : row + side, column : column + side]
            for field, row, column in zip(self.fields, corners[::2], corners[1::2], strict=True)
        ]


def open_quarry(seed: int, side_px: int) -> Quarry:
    """Grow the stone of one experiment."""
    period = 5 * side_px
    generator = np.random.default_rng([seed, side_px])
    frequency = np.hypot(np.fft.fftfreq(period)[:, None], np.fft.rfftfreq(period)[None, :])
    scale = side_px / REFERENCE_PX
    fields = []
    for grain_px in (16.0, 9.0, 2.2, 1.1):
        spectrum = np.fft.rfft2(generator.standard_normal((period, period)))
        spectrum *= np.exp(-0.5 * (2 * np.pi * frequency * grain_px * scale) ** 2)
        spectrum[0, 0] = 0
        field = np.fft.irfft2(spectrum, (period, period))
        fields.append(np.round(field / field.std() * 256) / 256)
    return Quarry(np.stack(fields).astype(np.float32), side_px)


def draw_sign(font: FreeTypeFont, sign: str, side_px: int) -> Image:
    """Draw one character in white on black, in the middle of a square, with soft edges.

    Args:
        font: Any size of the font.
        sign: The character.
        side_px: Side of the pictures to come; the square's is `OVERSAMPLING` times that.
    """
    from PIL import Image, ImageDraw, ImageFilter

    side = OVERSAMPLING * side_px
    left, top, right, bottom = font.getbbox(sign)
    size = font.size * FILL * side / max(right - left, bottom - top)
    fitted = font.font_variant(size=size)
    chisel = max(0.0, CHISEL * side - LINE * size) / 2
    picture = Image.new("L", (side, side))
    left, top, right, bottom = fitted.getbbox(sign)
    corner = ((side - left - right) / 2, (side - top - bottom) / 2)
    ImageDraw.Draw(picture).text(corner, sign, fill=255, font=fitted, stroke_width=chisel)
    return picture.filter(ImageFilter.GaussianBlur(0.6 * OVERSAMPLING))


def photograph(
    sign: Image, wear: Wear, quarry: Quarry, generator: np.random.Generator, channels: int
) -> Pixels:
    """Cut the sign into stone, wear it, light it, and take its picture.

    Args:
        sign: As `draw_sign` gives it.
        wear: How much.
        quarry: Where the stone comes from.
        generator: All chance of this picture.
        channels: 1 or 3.

    Returns:
        uint8 `[side_px, side_px, channels]`.
    """
    dice = generator.random(24).tolist()  # plain floats leave float32 fields float32
    block = quarry.block(dice[:8])
    depth = _cut(sign, wear, block, dice[8:12])
    tone = _light(depth, wear, block, dice[12:20])
    grain = generator.standard_normal(tone.shape, dtype=np.float32)
    return _develop(tone, grain, wear, dice[20:], channels)


def _cut(sign: Image, wear: Wear, block: list[Field], dice: list[float]) -> Field:
    """Return how deep the worn sign is, 0 to about 1: edges eaten, depth lost in patches."""
    _, patches, edges, _ = block
    cut = _place(sign, len(edges), wear.rotation_deg * (2 * dice[0] - 1), dice[1:])
    depth: Field = np.clip((cut - 0.42 - 0.16 * wear.erosion * edges) * 3.2, 0, 1)
    depth *= np.clip(1.0 - wear.erosion * (0.55 * patches - 0.15), 0, 1)
    return depth


def _light(depth: Field, wear: Wear, block: list[Field], dice: list[float]) -> Field:
    """Return how bright each place is, 0 to 1: the stone, the floor of the cut, edges, shadows."""
    tint, _, edges, pits = block
    angle = 2 * math.pi * (0.625 + 0.3 * (dice[0] - 0.5))  # from the upper left, as in drawings
    across, down = math.cos(angle), math.sin(angle)
    ramp = np.linspace(-0.5, 0.5, len(depth), dtype=np.float32)
    slant = across * ramp[None, :] + down * ramp[:, None]

    floor = 0.13 + 0.10 * dice[1]
    if dice[2] < DUSTY:
        floor *= -0.8
    tone: Field = 0.46 + 0.12 * dice[3] + (0.035 + 0.02 * dice[4]) * tint + 0.012 * edges
    tone -= floor * depth
    tone += (0.10 + 0.30 * wear.shadow) * _slope(depth, across, down)
    tone += 0.35 * wear.shadow * dice[5] * slant
    tone -= 0.16 * wear.erosion * np.clip(pits - 1.7, 0, 1.5)
    if dice[6] < wear.shadow / 2:  # something stands between the sun and a part of the stone
        tone -= 0.17 * wear.shadow * np.clip(8 * (slant + 0.5 * dice[7] - 0.1), 0, 1)
    return tone


def _place(sign: Image, side: int, turn_deg: float, dice: list[float]) -> Field:
    """Return the sign turned, scaled by 0.88 to 1.1 and moved by up to 6 %, in [0, 1]."""
    from PIL import Image

    step = OVERSAMPLING / (0.88 + 0.22 * dice[0])
    cosine = step * math.cos(math.radians(turn_deg))
    sine = step * math.sin(math.radians(turn_deg))
    x, y = (side * (0.5 + 0.12 * (number - 0.5)) for number in dice[1:])
    middle = OVERSAMPLING * side / 2
    matrix = (
        cosine,
        sine,
        middle - cosine * x - sine * y,
        -sine,
        cosine,
        middle + sine * x - cosine * y,
    )
    placed = sign.transform((side, side), Image.Transform.AFFINE, matrix, Image.Resampling.BILINEAR)
    return np.asarray(placed, dtype=np.float32) / np.float32(255)


def _slope(depth: Field, across: float, down: float) -> Field:
    """Return how far each place of the cut faces the light."""
    slope = np.zeros_like(depth)
    slope[:, 1:-1] += np.float32(across) * (depth[:, 2:] - depth[:, :-2])
    slope[1:-1] += np.float32(down) * (depth[2:] - depth[:-2])
    return slope


def _develop(tone: Field, grain: Field, wear: Wear, dice: list[float], channels: int) -> Pixels:
    """Return the pixels of a tone in [0, 1]: out of focus, then grainy, then in colour."""
    from PIL import Image, ImageFilter

    grey = (np.clip(tone, 0, 1) * 255).astype(np.uint8)
    sigma = wear.blur * (0.2 + 1.1 * dice[0]) * len(grey) / REFERENCE_PX
    if sigma > 0:
        grey = np.asarray(Image.fromarray(grey).filter(ImageFilter.GaussianBlur(sigma)))
    noisy = grey + (wear.noise * (4 + 14 * dice[1])) * grain
    levels = np.clip(noisy, 0, 255).astype(np.uint8)
    if channels == 1:
        return levels[..., None]
    first, second = STONES[int(dice[2] * len(STONES))], STONES[int(dice[3] * len(STONES))]
    dark, middle, bright = 0.7 * first + 0.3 * second
    palette = np.empty((256, 3), dtype=np.uint8)
    rise = np.linspace(0, 1, 128, dtype=np.float32)[:, None]
    palette[:128] = dark + (middle - dark) * rise
    palette[128:] = middle + (bright - middle) * rise
    return np.take(palette, levels, axis=0)
