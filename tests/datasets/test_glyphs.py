"""Hieroglyphs are drawn as asked: repeatable, all different, told apart by their splits."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.datasets import glyphs
from coralexp.datasets.splits import Shares
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.datasets.contract import Dataset, Pixels


def picture(dataset: Dataset, seed: int, code: str, number: int) -> Pixels:
    """Return a picture of a sign by the sign's code."""
    examples = dataset.open(seed)
    label = dataset.classes.index(code)
    found = examples.image(list(examples.labels).index(label) + number)
    assert found is not None
    return found


def test_a_picture_depends_on_seed_sign_and_number_alone() -> None:
    few = glyphs.draw(signs=2, images_per_sign=3, side_px=32)
    many = glyphs.draw(signs=30, images_per_sign=9, side_px=32)

    assert np.array_equal(picture(few, 7, "G1", 2), picture(many, 7, "G1", 2))
    assert not np.array_equal(picture(few, 7, "G1", 2), picture(few, 8, "G1", 2))


def test_pictures_can_be_asked_in_any_order() -> None:
    dataset = glyphs.draw(signs=3, images_per_sign=4, side_px=32)
    forward, backward = dataset.open(1), dataset.open(1)

    first = [forward.image(i) for i in range(12)]
    second = [backward.image(i) for i in reversed(range(12))][::-1]

    assert np.array_equal(np.stack(first), np.stack(second))


@pytest.mark.parametrize("wear", [0.0, 1.0])
def test_no_two_pictures_are_equal_not_even_of_clean_stone(wear: float) -> None:
    dataset = glyphs.draw(signs=2, images_per_sign=100, side_px=16, wear=wear, channels=1)
    examples = dataset.open(42)

    digests = {hashlib.sha256(examples.image(i).tobytes()).digest() for i in range(200)}

    assert len(digests) == 200


def test_of_20_pictures_14_train_3_validate_and_3_test() -> None:
    examples = glyphs.draw(signs=2, images_per_sign=20).open(0)

    counts = Counter(zip(examples.labels, examples.splits, strict=True))

    assert [counts[1, split] for split in ("train", "validation", "test")] == [14, 3, 3]


def test_three_pictures_reach_every_split() -> None:
    examples = glyphs.draw(signs=2, images_per_sign=3).open(0)

    assert set(examples.splits[:3]) == {"train", "validation", "test"}


@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_have_the_shape_promised(channels: int) -> None:
    dataset = glyphs.draw(signs=2, images_per_sign=3, side_px=40, channels=channels)

    image = dataset.open(0).image(0)

    assert image.shape == dataset.image_shape == (40, 40, channels)
    assert image.dtype == np.uint8


def test_every_sign_leaves_a_mark_on_its_stone() -> None:
    dataset = glyphs.draw(signs=1071, images_per_sign=3, side_px=32, wear=0.0, channels=1)
    examples = dataset.open(3)

    for i in range(0, len(examples.labels), 3 * 17):
        pixels = examples.image(i).astype(float)
        assert np.ptp(pixels[4:-4, 4:-4]) > 20, dataset.classes[examples.labels[i]]


def test_wear_changes_the_picture_but_not_the_place_of_the_sign() -> None:
    clean = picture(glyphs.draw(signs=2, wear=0.0, channels=1), 1, "G1", 0).astype(float)
    worn = picture(glyphs.draw(signs=2, rotation_deg=0.0, channels=1), 1, "G1", 0).astype(float)

    assert np.abs(clean - worn).mean() > 3
    assert np.corrcoef(clean.ravel(), worn.ravel())[0, 1] > 0.3


def test_classes_stand_in_the_order_of_the_sign_list() -> None:
    assert glyphs.draw(signs=5).classes == ("D36", "D58", "G1", "G43", "M17")


def test_the_content_is_the_font() -> None:
    assert glyphs.draw().content() == hashlib.sha256(glyphs.FONT.read_bytes()).hexdigest()
    assert "SIL Open Font License" in (glyphs.FONT.parent / "OFL.txt").read_text()


@pytest.mark.parametrize(
    ("option", "value", "told"),
    [
        ("signs", 2000, "the font draws 1071 signs"),
        ("signs", 1, "two are the least"),
        ("images_per_sign", 2, "from 3"),
        ("side_px", 8, "from 16"),
        ("channels", 2, "1 (grey) or 3 (colour)"),
        ("wear", -0.1, "from 0 to 2"),
        ("noise", float("nan"), "from 0 to 1"),
        ("rotation_deg", 90.0, "from 0 to 45"),
        ("limit", 40, "at least 41 images"),
    ],
)
def test_impossible_options_are_refused_at_once(option: str, value: float, told: str) -> None:
    with pytest.raises(OptionError) as caught:
        glyphs.draw(**{option: value})

    assert caught.value.option == option
    assert told in caught.value.text


def test_shares_of_the_splits_can_be_asked_for() -> None:
    counts = Counter(
        glyphs.draw(signs=2, images_per_sign=20, side_px=16, split=Shares(0.8, 0.1, 0.1))
        .open(0)
        .splits
    )

    assert counts == {"train": 32, "validation": 4, "test": 4}
