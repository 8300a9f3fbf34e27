"""What a model said of each test image, at rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from pathlib import Path

PREDICTIONS = "predictions.npz"


@dataclass(frozen=True)
class Predictions:
    """Labels and answers, image by image.

    Attributes:
        labels: int64 `[N]`.
        probabilities: float32 `[N, K]`.
    """

    labels: npt.NDArray[np.int64]
    probabilities: npt.NDArray[np.float32]

    @property
    def answers(self) -> npt.NDArray[np.int64]:
        """The most probable class of each image, int64 `[N]`."""
        answers: npt.NDArray[np.int64] = np.argmax(self.probabilities, axis=1)
        return answers

    @property
    def accuracy(self) -> float:
        """Share of images, in [0, 1], whose most probable class is their label."""
        return float(np.mean(self.answers == self.labels))

    def write(self, entry: Path) -> None:
        """Write `predictions.npz`."""
        np.savez(entry / PREDICTIONS, labels=self.labels, probabilities=self.probabilities)


def read_predictions(entry: Path) -> Predictions:
    """Return what `write` wrote."""
    with np.load(entry / PREDICTIONS, allow_pickle=False) as kept:
        return Predictions(kept["labels"], kept["probabilities"])
