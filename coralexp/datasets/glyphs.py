"""Hieroglyphs on worn stone: Gardiner's signs, drawn from a font, as many pictures as wanted.

The font is Noto Sans Egyptian Hieroglyphs, under the SIL Open Font License (`fonts/OFL.txt`).
"""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.datasets import gardiner, stone
from coralexp.datasets.contract import Dataset, Examples
from coralexp.datasets.options import refuse_outside, refuse_picture
from coralexp.datasets.splits import Shares, by_number, in_turn, shares_of
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from PIL.Image import Image

    from coralexp.datasets.contract import Pixels, Split

VERSION = 1

FONT = Path(__file__).parent / "fonts" / "NotoSansEgyptianHieroglyphs-Regular.ttf"
LEAST_SIDE_PX = 16  # a sign is no longer legible below
CACHE_BYTES = 256 * 2**20  # drawn signs kept in memory


def draw(
    *,
    signs: int = 20,
    images_per_sign: int = 200,
    side_px: int = 64,
    channels: int = 3,
    wear: float = 1.0,
    noise: float = 0.5,
    blur: float = 0.5,
    rotation_deg: float = 8.0,
    shadow: float = 0.6,
    erosion: float = 0.5,
    split: Shares | None = None,
    limit: int | None = None,
    stands_for: str = "",
) -> Dataset:
    """Draw signs as if cut into stone and photographed.

    Every picture is a function of the seed, its sign and its number among the pictures of that sign
    alone, besides these options: more signs or more pictures leave the others as they are. Stone,
    size (by 0.88 to 1.1) and place (by 6 %) vary also where nothing is worn, so no two pictures are
    equal.

    Args:
        signs: How many of Gardiner's signs, 2 to 1071, in the order of `gardiner.order`: the
            alphabet of 24 first, then some of every category.
        images_per_sign: Pictures of each, at least 3; 14 of 20 train, 3 validate, 3 test.
        side_px: Height and width of a picture, at least 16.
        channels: 3 (colour) or 1 (grey).
        wear: Multiplies the five that follow, 0 (clean) to 2.
        noise: Grain of the photograph, in [0, 1].
        blur: Loss of focus, in [0, 1].
        rotation_deg: Largest turn either way, 0 to 45.
        shadow: Strength of the slanting light and its shadows, in [0, 1].
        erosion: Edges eaten, depth lost, pits, in [0, 1].
        split: Shares of train, validation and test, such as [0.8, 0.1, 0.1]; None takes 70, 15 and
            15 of 100, of each sign.
        limit: Keep at most that many pictures in all.
        stands_for: Dataset of an exercise in whose place this one is used; runs are tagged so.

    Raises:
        OptionError: If an option is out of its range.
    """
    known = len(gardiner.order())
    if not 2 <= signs <= known:  # noqa: PLR2004
        raise OptionError(
            "signs", f"the font draws {known} signs, and two are the least; got {signs}"
        )
    refuse_outside("images_per_sign", images_per_sign, 3, 100_000)
    refuse_picture(side_px, channels, LEAST_SIDE_PX)
    refuse_outside("wear", wear, 0, 2)
    for option, share in (
        ("noise", noise),
        ("blur", blur),
        ("shadow", shadow),
        ("erosion", erosion),
    ):
        refuse_outside(option, share, 0, 1)
    refuse_outside("rotation_deg", rotation_deg, 0, 45)

    if split is None:
        own = [by_number(number) for number in range(images_per_sign)]
    else:
        own = in_turn(images_per_sign, shares_of(split))
    chosen = set(gardiner.order()[:signs])
    classes = tuple(code for code in gardiner.signs() if code in chosen)
    worn = stone.Wear(*(wear * part for part in (noise, blur, rotation_deg, shadow, erosion)))

    def open_(seed: int) -> Examples:
        return _examples(seed, classes, own, (side_px, side_px, channels), worn)

    shape = (side_px, side_px, channels)
    return Dataset(shape, classes, _font_digest, open_, limit, stands_for=stands_for)


def _font_digest() -> str:
    return hashlib.sha256(FONT.read_bytes()).hexdigest()


def _examples(
    seed: int,
    classes: tuple[str, ...],
    own: Sequence[Split],
    shape: tuple[int, int, int],
    wear: stone.Wear,
) -> Examples:
    """Return the pictures of all signs, sign by sign, given the splits of those of one."""
    from PIL import ImageFont

    side_px, _, channels = shape
    per_class = len(own)
    font = ImageFont.truetype(FONT, 64, layout_engine=ImageFont.Layout.BASIC)
    quarry = stone.open_quarry(seed, side_px)
    characters = [gardiner.signs()[code] for code in classes]

    @functools.lru_cache(maxsize=max(1, CACHE_BYTES // (stone.OVERSAMPLING * side_px) ** 2))
    def drawn(character: str) -> Image:
        return stone.draw_sign(font, character, side_px)

    def image(i: int) -> Pixels:
        character, number = characters[i // per_class], i % per_class
        generator = np.random.default_rng([seed, ord(character), number])
        return stone.photograph(drawn(character), wear, quarry, generator, channels)

    return Examples(
        splits=list(own) * len(classes),
        labels=[label for label in range(len(classes)) for _ in range(per_class)],
        image=image,
        name=lambda i: f"{classes[i // per_class]} number {i % per_class}",
    )
