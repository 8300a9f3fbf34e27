"""A head whose weights are computed from features: no epochs, one result."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.progress import Step
from coralexp.training.watch import Epoch, History

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.progress import Progress
    from coralexp.heads.contract import SolveHead
    from coralexp.tf_runtime import keras
    from coralexp.training.fit import Labelled

_LEAST_PROBABILITY = 1e-7


def compute(
    head: keras.Model,
    solve: SolveHead,
    train: Labelled,
    validation: Labelled,
    *,
    classes: Sequence[str],
    progress: Progress,
) -> History:
    """Give a head the weights that its function computes.

    Args:
        head: From features to probabilities.
        solve: Computes them.
        train: Features `[N, h, w, F]` and labels.
        validation: What it is judged by; may be empty.
        classes: Names of the classes.
        progress: Hears of the one step.

    Returns:
        One epoch: loss and accuracy of the finished head; its learning rate is 0.

    Raises:
        TrainingError: If a class has no training image.
    """
    began = time.perf_counter()
    head.set_weights(solve(np.asarray(train.images, np.float32), train.labels, classes))
    loss, accuracy = _judge(head, train)
    seconds = time.perf_counter() - began
    judged = _judge(head, validation) if len(validation.labels) else (None, None)
    progress(Step(1, 1, "steps"))
    epoch = Epoch(1, loss, accuracy, 0.0, seconds, *judged)
    return History(len(train.labels), [epoch], images_per_s=len(train.labels) / seconds)


def _judge(head: keras.Model, data: Labelled) -> tuple[float, float]:
    """Return the mean cross-entropy and the share of right answers."""
    answers = head.predict(data.images, verbose=0)
    labels = np.asarray(data.labels)
    told = np.maximum(answers[np.arange(len(labels)), labels], _LEAST_PROBABILITY)
    return float(-np.log(told).mean()), float(np.mean(answers.argmax(axis=1) == labels))
