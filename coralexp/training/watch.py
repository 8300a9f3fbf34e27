"""What happens while a model learns: told, written down, and ended in time."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.progress import Step
from coralexp.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coralexp.artifacts.progress import Progress
    from coralexp.artifacts.record import Json
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe

TELL_EVERY_S = 0.1


@dataclass(frozen=True)
class Epoch:
    """One pass over the training split.

    Attributes:
        epoch: From 1.
        loss: Mean over the pass.
        accuracy: Of the training images during the pass, in [0, 1].
        learning_rate: At its end.
        seconds: Wall time, validation included.
        validation_loss: None without validation images.
        validation_accuracy: In [0, 1]; None without validation images.
        phase: 1, or 2 where more layers learn than at first.
    """

    epoch: int
    loss: float
    accuracy: float
    learning_rate: float
    seconds: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    phase: int = 1


@dataclass
class History:
    """What happened in a training.

    Attributes:
        images: In the training split.
        epochs: One record for each finished pass.
        images_per_s: Training speed of the last phase after its first step, which builds the graph;
            0 if there was one step only.
        stopped_by: `time` or `early_stopping`; None if every epoch of the last phase ran.
        batch_ms: Mean time of a step, as `images_per_s` counts them.
        began: Time of the clock when it began; of a resumed one, as if it had not been killed.
    """

    images: int
    epochs: list[Epoch] = field(default_factory=list)
    images_per_s: float = 0.0
    stopped_by: str | None = None
    batch_ms: float = 0.0
    began: float = field(default_factory=time.monotonic)

    def before(self, phase: int) -> int:
        """Return how many epochs were in earlier phases."""
        return sum(epoch.phase < phase for epoch in self.epochs)

    def ended_in(self, phase: int) -> bool:
        """Return whether its time was over before a later phase could begin."""
        return self.stopped_by == "time" and self.before(phase + 1) == len(self.epochs)

    def to_json(self) -> list[Json]:
        """Return the epochs as plain values without times; what is None is left out.

        The phase is told where there are two.
        """
        hidden = {"seconds"} if self.before(2) < len(self.epochs) else {"seconds", "phase"}
        return [
            {name: v for name, v in asdict(epoch).items() if v is not None and name not in hidden}
            for epoch in self.epochs
        ]


@dataclass
class _Watch:
    """What one training is told of itself, and what it is told to do.

    Attributes:
        steps: In each epoch.
        phase: Of the epochs to come.
        hint: What to do when the loss is no longer a number.
        stop: Ends the training after this step.
        learning_rate: Asks for it.
        first: Epoch of this process's first step, which builds the graph.
    """

    recipe: Recipe
    history: History
    epochs: int
    steps: int
    progress: Progress
    hint: str
    stop: Callable[[], None]
    learning_rate: Callable[[], float]
    phase: int
    first: int = 0
    epoch: int = 0
    epoch_began: float = 0.0
    step_ended: float = 0.0
    told: float = 0.0
    steady_s: float = 0.0
    steady_steps: int = 0

    def epoch_begins(self, epoch: int, logs: Mapping[str, float] | None = None) -> None:
        self.epoch = epoch
        self.epoch_began = self.step_ended = time.monotonic()

    def step_ends(self, step: int, logs: Mapping[str, float]) -> None:
        now = time.monotonic()
        if self.epoch > self.first or step:
            self.steady_s += now - self.step_ended
            self.steady_steps += 1
        self.step_ended = now
        if not math.isfinite(logs["loss"]):
            raise TrainingError(
                f"epoch {self.epoch + 1}, step {step + 1}: the loss is {logs['loss']}; {self.hint}"
            )
        limit = self.recipe.max_minutes
        if limit is not None and now - self.history.began > limit * 60:
            self.history.stopped_by = "time"
            self.stop()
        if now - self.told >= TELL_EVERY_S or step == self.steps - 1:
            self.told = now
            facts = {
                "epoch_share": self.epoch + (step + 1) / self.steps,
                "loss": float(logs["loss"]),
                "accuracy": float(logs["accuracy"]),
            }
            if self.steady_steps:
                facts["images_per_s"] = self._rate()
                facts["batch_ms"] = self._batch_ms()
            done = self.epoch * self.steps + step + 1
            self.progress(Step(done, self.epochs * self.steps, "steps", facts))

    def epoch_ends(self, epoch: int, logs: Mapping[str, float]) -> None:
        done = Epoch(
            epoch=epoch + 1,
            loss=float(logs["loss"]),
            accuracy=float(logs["accuracy"]),
            learning_rate=self.learning_rate(),
            seconds=time.monotonic() - self.epoch_began,
            validation_loss=_number(logs.get("val_loss")),
            validation_accuracy=_number(logs.get("val_accuracy")),
            phase=self.phase,
        )
        self.history.epochs.append(done)
        facts = {"loss": done.loss, "accuracy": done.accuracy}
        if done.validation_accuracy is not None:
            facts["validation_accuracy"] = done.validation_accuracy
        if self.steady_steps:
            self.history.images_per_s = facts["images_per_s"] = self._rate()
            self.history.batch_ms = facts["batch_ms"] = self._batch_ms()
        self.progress(Step(epoch + 1, self.epochs, "epochs", facts))

    def _rate(self) -> float:
        return self.steady_steps * self.history.images / self.steps / max(self.steady_s, 1e-9)

    def _batch_ms(self) -> float:
        return 1000 * self.steady_s / self.steady_steps


def watcher(
    recipe: Recipe,
    history: History,
    *,
    epochs: int,
    steps: int,
    phase: int,
    progress: Progress,
    hint: str,
) -> keras.callbacks.Callback:
    """Return the callback of one training; it goes on filling `history`.

    Args:
        recipe: Says when to end early.
        history: Filled in.
        epochs: Passes of all phases.
        steps: In each pass.
        phase: Of the epochs to come.
        progress: Hears after each step, at most ten times a second, and after each epoch.
        hint: What to do when the loss is no longer a number.
    """
    from coralexp.tf_runtime import keras

    def stop() -> None:
        callback.model.stop_training = True

    def learning_rate() -> float:
        return float(keras.backend.get_value(callback.model.optimizer.lr))

    watch = _Watch(recipe, history, epochs, steps, progress, hint, stop, learning_rate, phase)
    watch.first = len(history.epochs)
    callback = keras.callbacks.LambdaCallback(
        on_epoch_begin=watch.epoch_begins,
        on_batch_end=watch.step_ends,
        on_epoch_end=watch.epoch_ends,
    )
    return callback


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)
