"""A training that was killed goes on after its last whole epoch, and ends with the same bits.

Everything that moves while a model learns is kept: its weights and statistics, the optimizer's
variables with the count of steps that the schedule follows, the states of the random generators,
what early stopping remembers, moving averages. The order of the images and their changes need no
keeping: they are functions of the seed, the epoch and the step.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, cast

from coralexp.artifacts.progress import Step
from coralexp.training.checkpoint import (
    Checkpoint,
    ForeignCheckpointError,
    read_checkpoint,
    write_checkpoint,
)
from coralexp.training.watch import Epoch, History

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.artifacts.record import Json
    from coralexp.tf_runtime import keras, tf
    from coralexp.training.early_stopping import Stopping

_BEST = "best"


@dataclass
class Resume:
    """The checkpoint of one training.

    Attributes:
        path: Its file; None keeps nothing.
        model: Compiled; its optimizer is built here if it was not.
        history: Of the training; takes up the epochs that the file tells.
        stopping: What early stopping remembers.
        epochs: Number of the last epoch of this phase, from 1.
        progress: Hears of a resumption, and of a file that is of no use.
        phase: From 1; the file of an earlier one is passed over.
        total: Epochs of all phases, for people.
        averages: Moving averages of the weights; empty if there are none.
    """

    path: Path | None
    model: keras.Model
    history: History
    stopping: Stopping
    epochs: int
    progress: Progress
    phase: int = 1
    total: int = 0
    averages: Sequence[tf.Variable] = ()
    ended: bool = False

    def take_up(self) -> None:
        """Bring the training to where the file says; leave it as it is if there is none.

        Afterwards the history's `began` is when it would have begun had it not been killed, and
        `ended` says whether no epoch is to follow. Of a file of a later phase it is the history
        that is taken up, and the weights are left to that phase.
        """
        self.model.optimizer.build(self.model.trainable_variables)
        if self.path is None:
            return
        try:
            found = read_checkpoint(self.path)
            if found is None:
                return
            of = int(cast("int", found.facts.get("phase", 1)))
            if of >= self.phase:
                self._apply(found, weights=of == self.phase)
            if of == self.phase:
                after = len(self.history.epochs)
                self._tell(f"resumed after epoch {after} of {self.total or self.epochs}")
            self.ended = self.ended or of > self.phase
        except ForeignCheckpointError as error:
            self._tell(f"{error}; training begins with the first epoch")

    def keep(self) -> None:
        """Write down where the training is; without room for that, it goes on all the same."""
        if self.path is None:
            return
        self.ended = bool(self.model.stop_training) or len(self.history.epochs) >= self.epochs
        facts: dict[str, Json] = {
            "epochs": [asdict(epoch) for epoch in self.history.epochs],
            "images_per_s": self.history.images_per_s,
            "stopped_by": self.history.stopped_by,
            "batch_ms": self.history.batch_ms,
            "elapsed_s": time.monotonic() - self.history.began,
            "phase": self.phase,
            "ended": self.ended,
            "stopping": self.stopping.facts(),
        }
        arrays = {
            group: [variable.numpy() for variable in variables]
            for group, variables in self._variables().items()
        }
        arrays[_BEST] = self.stopping.best_weights
        try:
            write_checkpoint(self.path, Checkpoint(facts, arrays))
        except OSError as error:
            self._tell(f"no checkpoint is kept from here on: {error.strerror or error}")
            self.path = None

    def _apply(self, found: Checkpoint, *, weights: bool) -> None:
        """Assign everything, once all of it is known to fit."""
        pairs: list[tuple[tf.Variable, object]] = []
        for group, variables in self._variables().items() if weights else ():
            arrays = found.arrays.get(group, ())
            shapes = [(array.shape, array.dtype) for array in arrays]
            if shapes != [(tuple(v.shape), v.dtype.as_numpy_dtype) for v in variables]:
                raise ForeignCheckpointError(f"{self.path} is of another network ({group})")
            pairs += zip(variables, arrays, strict=True)
        facts = found.facts
        try:
            epochs = [Epoch(**epoch) for epoch in cast("list[dict[str, float]]", facts["epochs"])]  # type: ignore[arg-type]
            images_per_s = float(cast("float", facts["images_per_s"]))
            batch_ms = float(cast("float", facts.get("batch_ms", 0.0)))
            stopped_by = cast("str | None", facts["stopped_by"])
            elapsed_s, ended = float(cast("float", facts["elapsed_s"])), bool(facts["ended"])
            if weights:
                self.stopping.take_up(
                    cast("Mapping[str, float]", facts["stopping"]), list(found.arrays[_BEST])
                )
        except (KeyError, TypeError, ValueError) as error:
            raise ForeignCheckpointError(f"{self.path} is damaged ({error})") from error
        for variable, array in pairs:
            variable.assign(array)
        self.history.epochs[:] = epochs
        self.history.images_per_s, self.history.stopped_by = images_per_s, stopped_by
        self.history.batch_ms = batch_ms
        self.history.began, self.ended = time.monotonic() - elapsed_s, ended

    def _tell(self, note: str) -> None:
        total = self.total or self.epochs
        self.progress(Step(len(self.history.epochs), total, "epochs", note=note))

    def _variables(self) -> dict[str, list[tf.Variable]]:
        """Return everything that moves, in an order that depends on the network alone."""
        return {
            "model": list(self.model.weights),
            "optimizer": list(self.model.optimizer.variables),
            "random": [generator.state for generator in _generators(self.model)],
            "averages": list(self.averages),
        }


def _generators(model: keras.Model) -> list[tf.random.Generator]:
    """Return the random generators of a model's layers, such as those of dropout.

    Keras keeps each in an object of its own, which no list of variables shows.
    """
    from coralexp.tf_runtime import tf

    found: dict[int, tf.random.Generator] = {}
    for layer in (model, *model.submodules):
        for value in list(vars(layer).values()):
            for inner in (value, *getattr(value, "__dict__", {}).values()):
                if isinstance(inner, tf.random.Generator):
                    found.setdefault(id(inner), inner)
    return list(found.values())
