"""The worst mistakes come first, and none draws nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.datasets import digits
from coralexp.errors import StoreError
from coralexp.report.mistakes import draw_mistakes, worst_mistakes
from coralexp.stages.dataset import write_dataset

if TYPE_CHECKING:
    from pathlib import Path


def test_the_surest_mistake_comes_first_and_right_answers_never() -> None:
    labels = np.array([0, 1, 1, 0, 0])
    sure = np.array([0.9, 0.6, 0.8, 0.7, 0.8], np.float32)  # of class 0
    probabilities = np.stack([sure, 1 - sure], axis=1)

    assert worst_mistakes(labels, probabilities) == [2, 1]
    assert worst_mistakes(labels, probabilities, most=1) == [2]
    assert worst_mistakes(1 - labels, probabilities) == [0, 4, 3]


@pytest.mark.slow
def test_a_sheet_is_as_high_as_its_mistakes(tmp_path: Path) -> None:
    dataset = tmp_path / "dataset"
    dataset.mkdir()
    write_dataset(digits.read(side_px=16, limit=300), 1, dataset, silent)
    labels = np.asarray(read_split(dataset, "test")[1])
    right = np.eye(10, dtype=np.float32)[labels]

    assert not draw_mistakes(dataset, labels, right, tmp_path / "none.png")
    assert not (tmp_path / "none.png").exists()
    heights = []
    for count in (3, 20):
        answers = right.copy()
        answers[:count] = np.roll(right[:count], 1, axis=1)
        assert draw_mistakes(dataset, labels, answers, tmp_path / "some.png")
        with Image.open(tmp_path / "some.png") as picture:
            heights.append(picture.size[1])
    assert heights[0] < heights[1]
    with pytest.raises(StoreError, match="not those that were judged"):
        draw_mistakes(dataset, labels[1:], answers[1:], tmp_path / "other.png")
