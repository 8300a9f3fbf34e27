"""The 1,797 handwritten digits that scikit-learn carries.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998 (the part
for tests).
"""

from __future__ import annotations

import hashlib
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.datasets.contract import Dataset, Examples
from coralexp.datasets.options import refuse_picture
from coralexp.datasets.splits import Shares, at_random, shares_of
from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.datasets.contract import Pixels, Split

VERSION = 1

STORED_SIDE_PX = 8
BRIGHTEST = 16


def read(
    *,
    side_px: int = 32,
    channels: int = 1,
    split: Shares | None = None,
    limit: int | None = None,
    stands_for: str = "",
) -> Dataset:
    """Read the digits, enlarge them, and split them at random.

    A picture of 8 x 8 levels from 0 (paper) to 16 (ink) is scaled to [0, 255], then resized
    bilinearly. The seed decides the splits, of each digit alike.

    Args:
        side_px: Height and width of a picture, at least 8.
        channels: 1 (grey) or 3 (the same thrice).
        split: Shares of train, validation and test, such as [0.8, 0.1, 0.1]; None takes 70, 15 and
            15 of 100, of each digit.
        limit: Keep at most that many pictures in all.
        stands_for: Dataset of an exercise in whose place this one is used; runs are tagged so.

    Raises:
        OptionError: If an option is out of its range.
    """
    refuse_picture(side_px, channels, STORED_SIDE_PX)
    shares = shares_of(split)
    classes = tuple(str(digit) for digit in range(10))

    def open_(seed: int) -> Examples:
        return _examples(seed, side_px, channels, shares)

    return Dataset(
        (side_px, side_px, channels), classes, _file_digest, open_, limit, stands_for=stands_for
    )


def _file_digest() -> str:
    found = find_spec("sklearn")  # a spec does not import it, which would take a second
    if found is None or found.origin is None:
        raise DatasetError("digits: scikit-learn is not installed; run: pip install scikit-learn")
    file = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _examples(seed: int, side_px: int, channels: int, shares: Mapping[Split, float]) -> Examples:
    from PIL import Image
    from sklearn.datasets import load_digits

    from coralexp.datasets.pictures import fit

    stored = load_digits()
    levels = np.round(stored.images * (255 / BRIGHTEST)).astype(np.uint8)
    labels = [int(label) for label in stored.target]

    def image(i: int) -> Pixels:
        return fit(Image.fromarray(levels[i]), side_px, channels, "stretch")

    return Examples(at_random(labels, seed, shares), labels, image, "digit {}".format)
