"""Drawn faces with and without a mask: a stand-in for photographs, for the exercise on masks.

No photograph of a person is in it: ellipses, drawn anew for each seed.
"""

from __future__ import annotations

import functools
import hashlib
import math
from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING

import numpy as np

from coralexp.datasets import splits
from coralexp.datasets.contract import Dataset, Examples
from coralexp.datasets.options import refuse_outside, refuse_picture

if TYPE_CHECKING:
    from PIL.Image import Image
    from PIL.ImageDraw import ImageDraw

    from coralexp.datasets.contract import Pixels

VERSION = 1

CLASSES = ("with_mask", "without_mask")
_LEAST_SIDE_PX = 32
_OVERSAMPLING = 2  # drawn larger, then reduced: no jagged edges
_SKINS = ("#f6d7c3", "#eac0a0", "#d9a066", "#b97a4b", "#8d5524", "#5c3a21")
_HAIRS = ("#1b1b1b", "#3b2417", "#6b4423", "#a0522d", "#d4b06a", "#9a9a9a")
_MASKS = ("#f4f6f7", "#9fd3e8", "#bcd9ea", "#26262b", "#c8e6c9", "#f3c6d3")

_Colour = tuple[int, int, int]


def draw(
    *,
    images_per_class: int = 150,
    side_px: int = 96,
    limit: int | None = None,
    stands_for: str = "",
) -> Dataset:
    """Draw faces of many sizes, turns, colours and lights; half of the bare ones have a beard.

    Every picture is a function of the seed, its class and its number.

    Args:
        images_per_class: Pictures of each class, at least 3; 14 of 20 train, 3 validate, 3 test.
        side_px: Height and width of a picture, at least 32.
        limit: Keep at most that many pictures in all.
        stands_for: Dataset of an exercise in whose place this one is used; runs are tagged so.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_outside("images_per_class", images_per_class, 3, 100_000)
    refuse_picture(side_px, 3, _LEAST_SIDE_PX)

    def open_(seed: int) -> Examples:
        return _examples(seed, images_per_class, side_px)

    shape = (side_px, side_px, 3)
    return Dataset(shape, CLASSES, _content, open_, limit, stands_for=stands_for)


def _content() -> str:
    return hashlib.sha256(repr((CLASSES, _SKINS, _HAIRS, _MASKS)).encode()).hexdigest()


def _examples(seed: int, per_class: int, side_px: int) -> Examples:
    def image(i: int) -> Pixels:
        label, number = divmod(i, per_class)
        generator = np.random.default_rng([seed, label, number])
        return _photograph(generator, side_px, masked=label == 0)

    return Examples(
        splits=[splits.by_number(number) for _ in CLASSES for number in range(per_class)],
        labels=[label for label in range(len(CLASSES)) for _ in range(per_class)],
        image=image,
        name=lambda i: f"{CLASSES[i // per_class]} number {i % per_class}",
    )


@dataclass(frozen=True)
class _Face:
    """A face on a canvas, measured from its middle in units of its half height.

    Attributes:
        pen: Draws on the canvas.
        x: Middle, in pixels.
        y: Middle, in pixels.
        unit: Half of the height, in pixels.
        turn: Of the head, in radians.
    """

    pen: ImageDraw
    x: float
    y: float
    unit: float
    turn: float

    def point(self, x: float, y: float) -> tuple[float, float]:
        """Return where a point of the face lies on the canvas."""
        cos, sin = math.cos(self.turn), math.sin(self.turn)
        return (
            self.x + self.unit * (x * cos - y * sin),
            self.y + self.unit * (x * sin + y * cos),
        )

    def ellipse(self, x: float, y: float, width: float, height: float, colour: _Colour) -> None:
        """Fill an ellipse around a point of the face."""
        angles = np.linspace(0, 2 * math.pi, 48, endpoint=False)
        outline = [self.point(x + width * math.cos(a), y + height * math.sin(a)) for a in angles]
        self.pen.polygon(outline, fill=colour)

    def polygon(self, corners: list[tuple[float, float]], colour: _Colour) -> None:
        """Fill a polygon given in the face's units."""
        self.pen.polygon(list(starmap(self.point, corners)), fill=colour)

    def line(self, corners: list[tuple[float, float]], colour: _Colour, width: float) -> None:
        """Draw a line given in the face's units."""
        thick = max(1, round(width * self.unit))
        self.pen.line(list(starmap(self.point, corners)), fill=colour, width=thick)


def _photograph(generator: np.random.Generator, side_px: int, *, masked: bool) -> Pixels:
    from PIL import Image, ImageDraw

    large = side_px * _OVERSAMPLING
    backdrop = _backdrop(generator, large)
    picture = Image.fromarray(backdrop)
    face = _Face(
        pen=ImageDraw.Draw(picture),
        x=large * generator.uniform(0.4, 0.6),
        y=large * generator.uniform(0.45, 0.58),
        unit=large * generator.uniform(0.28, 0.42),
        turn=math.radians(generator.uniform(-18, 18)),
    )
    pick = functools.partial(_tinted, generator)
    skin, hair = pick(_SKINS), pick(_HAIRS)
    dark: _Colour = (35, 25, 25)
    face.ellipse(0, -0.12, 0.86, 1.05, hair)
    face.ellipse(0, 0, 0.74, 1.0, skin)
    face.polygon([(-0.72, -0.55), (0.72, -0.55), (0.5, -0.95), (-0.5, -0.95)], hair)
    for side in (-1, 1):
        face.ellipse(side * 0.3, -0.2, 0.14, 0.08, (245, 245, 245))
        face.ellipse(side * 0.3 + generator.uniform(-0.04, 0.04), -0.2, 0.065, 0.075, dark)
        face.line([(side * 0.46, -0.37), (side * 0.16, -0.39)], hair, 0.06)
    if masked:
        _mask(face, generator, pick(_MASKS))
    else:
        if generator.random() < 0.5:  # noqa: PLR2004 - a beard covers what a mask covers
            face.polygon([(-0.66, 0.15), (0.66, 0.15), (0.5, 0.8), (0, 1.05), (-0.5, 0.8)], hair)
            face.ellipse(0, 0.25, 0.36, 0.2, skin)
        face.line([(0, -0.12), (0.09, 0.2), (-0.05, 0.22)], dark, 0.03)
        smile = generator.uniform(-0.05, 0.12)
        face.line([(-0.24, 0.5), (0, 0.5 + smile), (0.24, 0.5)], (150, 50, 55), 0.08)
    return _developed(picture, generator, side_px)


def _mask(face: _Face, generator: np.random.Generator, colour: _Colour) -> None:
    top = generator.uniform(0.0, 0.14)
    straps: _Colour = (225, 225, 225)
    for side in (-1, 1):
        face.line([(side * 0.6, top + 0.12), (side * 0.76, -0.05)], straps, 0.03)
        face.line([(side * 0.56, 0.66), (side * 0.74, 0.3)], straps, 0.03)
    cloth = [(-0.63, top + 0.1), (0, top - 0.08), (0.63, top + 0.1), (0.52, 0.74), (0, 0.97)]
    face.polygon([*cloth, (-0.52, 0.74)], colour)
    fold: _Colour = tuple(int(c * 0.82) for c in colour)  # type: ignore[assignment]
    for y in np.linspace(top + 0.22, 0.7, int(generator.integers(1, 4))):
        face.line([(-0.5, y), (0, y + 0.06), (0.5, y)], fold, 0.025)


def _backdrop(generator: np.random.Generator, side: int) -> Pixels:
    """Return two colours that run into each other."""
    ends = generator.integers(40, 230, (2, 3))
    slope = np.linspace(0, 1, side)
    ramp = slope[:, None] if generator.random() < 0.5 else slope[None, :]  # noqa: PLR2004
    ramp = np.broadcast_to(ramp, (side, side))[..., None]
    colours: Pixels = (ends[0] * (1 - ramp) + ends[1] * ramp).astype(np.uint8)
    return colours


def _tinted(generator: np.random.Generator, colours: tuple[str, ...]) -> _Colour:
    from PIL import ImageColor

    red, green, blue = ImageColor.getrgb(str(generator.choice(colours)))[:3]
    shift = generator.integers(-14, 15, 3)
    return tuple(
        int(np.clip(c + s, 0, 255)) for c, s in zip((red, green, blue), shift, strict=True)
    )  # type: ignore[return-value]


def _developed(picture: Image, generator: np.random.Generator, side_px: int) -> Pixels:
    """Return the picture reduced, in some light, with grain."""
    from PIL import ImageFilter
    from PIL.Image import Resampling

    blurred = picture.filter(ImageFilter.GaussianBlur(generator.uniform(0.3, 2.0)))
    small = np.asarray(blurred.resize((side_px, side_px), Resampling.LANCZOS), np.float32)
    light = generator.uniform(0.6, 1.2) * small + generator.normal(
        0, generator.uniform(2, 10), small.shape
    )
    pixels: Pixels = np.clip(light, 0, 255).astype(np.uint8)
    return pixels
