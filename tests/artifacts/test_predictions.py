"""What a model said is kept image by image."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.predictions import Predictions, read_predictions

if TYPE_CHECKING:
    from pathlib import Path


def test_answers_and_their_accuracy_come_back(tmp_path: Path) -> None:
    rows = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.3, 0.7]], np.float32)
    Predictions(np.array([0, 1, 1, 1]), rows).write(tmp_path)

    told = read_predictions(tmp_path)

    assert told.answers.tolist() == [0, 1, 0, 1]
    assert told.accuracy == pytest.approx(0.75)
    np.testing.assert_array_equal(told.probabilities, rows)
