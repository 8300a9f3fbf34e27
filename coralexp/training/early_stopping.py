"""Ending a training that no longer improves: the best weights come back."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt

    from coralexp.artifacts.record import Json
    from coralexp.tf_runtime import keras
    from coralexp.training.watch import History

    Weights = list[npt.NDArray[np.generic]]


@dataclass
class Stopping:
    """What is remembered of the validation losses so far.

    Attributes:
        patience: Epochs without a better loss before it ends; None never ends it.
        history: Learns that it acted.
        best: Lowest loss so far.
        best_weights: Those of that epoch; empty before the first.
        waited: Epochs since.
    """

    patience: int | None
    history: History
    best: float = float("inf")
    best_weights: Weights = field(default_factory=list)
    waited: int = 0

    def epoch_ends(self, epoch: int, loss: float, model: keras.Model) -> None:
        """Judge an epoch, counted from 0, by its validation loss."""
        if self.patience is None:
            return
        improved = loss < self.best  # never, if it is no number
        self.waited = 0 if improved else self.waited + 1
        if improved:
            self.best = loss
        if improved or not self.best_weights:
            self.best_weights = model.get_weights()
        if epoch > 0 and self.waited >= self.patience:
            model.stop_training = True
            if self.history.stopped_by is None:
                self.history.stopped_by = "early_stopping"

    def give_back(self, model: keras.Model) -> None:
        """Set the best weights at the end, however it ended."""
        if self.best_weights:
            model.set_weights(self.best_weights)

    def facts(self) -> dict[str, Json]:
        """Return what to write down beside the best weights."""
        return {"best": self.best, "waited": self.waited}

    def take_up(self, facts: Mapping[str, float], best_weights: Weights) -> None:
        """Remember what was written down."""
        self.best, self.waited = float(facts["best"]), int(facts["waited"])
        self.best_weights = best_weights
