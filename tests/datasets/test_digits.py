"""Scikit-learn's digits are enlarged and split."""

from __future__ import annotations

import string
import subprocess
import sys

import numpy as np
import pytest

from coralexp.datasets import digits
from coralexp.datasets.splits import Shares
from coralexp.errors import OptionError


def test_digits_are_read_enlarged_and_split() -> None:
    dataset = digits.read(side_px=16, channels=3)
    examples = dataset.open(1)

    assert len(examples.labels) == 1797
    assert dataset.classes == tuple(string.digits)
    image = examples.image(0)
    assert image.shape == dataset.image_shape == (16, 16, 3)
    for split in ("test", "validation"):
        assert abs(examples.splits.count(split) - 0.15 * 1797) < 5
    assert examples.splits != dataset.open(2).splits


def test_stored_levels_span_the_range() -> None:
    examples = digits.read(side_px=8).open(0)

    levels = np.unique(np.stack([examples.image(i) for i in range(50)]))

    assert levels.min() == 0
    assert levels.max() == 255
    assert len(levels) <= 17


def test_a_side_below_the_stored_is_refused() -> None:
    with pytest.raises(OptionError, match="from 8"):
        digits.read(side_px=7)


def test_asking_for_digits_imports_nothing_heavy() -> None:
    program = (
        "import sys; from coralexp.datasets import digits, folder, glyphs, npz;"
        "digits.read().content(); glyphs.draw().content();"
        "print(*{'sklearn', 'scipy', 'PIL', 'tensorflow'} & set(sys.modules))"
    )

    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )

    assert done.stdout.strip() == ""


def test_shares_of_the_splits_can_be_asked_for() -> None:
    splits = digits.read(split=Shares(0.5, 0.25, 0.25)).open(0).splits

    assert 0.24 < splits.count("test") / len(splits) < 0.26
    assert 0.24 < splits.count("validation") / len(splits) < 0.26
