"""Faces are drawn, each a function of seed, class and number."""

from __future__ import annotations

import numpy as np
import pytest

from coralexp.datasets import faces
from coralexp.errors import OptionError


def test_faces_are_drawn_with_and_without_a_mask() -> None:
    dataset = faces.draw(images_per_class=20, side_px=48)
    examples = dataset.open(1)

    assert dataset.classes == ("with_mask", "without_mask")
    assert examples.labels == [0] * 20 + [1] * 20
    assert [examples.splits.count(s) for s in ("train", "validation", "test")] == [28, 6, 6]
    pictures = [examples.image(i) for i in range(40)]
    assert {(p.shape, p.dtype.name) for p in pictures if p is not None} == {((48, 48, 3), "uint8")}
    assert len({p.tobytes() for p in pictures if p is not None}) == 40


def test_more_pictures_leave_the_others_as_they_are() -> None:
    few, many = (faces.draw(images_per_class=n, side_px=32).open(5) for n in (4, 9))

    np.testing.assert_array_equal(few.image(4 + 2), many.image(9 + 2))


def test_another_seed_draws_others() -> None:
    dataset = faces.draw(images_per_class=3, side_px=32)

    assert not np.array_equal(dataset.open(1).image(0), dataset.open(2).image(0))


def test_too_small_a_face_is_refused() -> None:
    with pytest.raises(OptionError, match="from 32"):
        faces.draw(side_px=16)
