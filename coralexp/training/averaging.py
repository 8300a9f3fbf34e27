"""A moving average of the weights, which is judged and kept in place of the last step's."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

    from coralexp.tf_runtime import keras, tf


class Averages:
    """The average of every weight of a model, statistics of normalization included.

    The decay begins small, so that the first, random weights are soon forgotten:
    `min(decay, (1 + n) / (10 + n))` after n steps, as `tf.train.ExponentialMovingAverage` has it
    when it is told the number of updates.

    Args:
        model: Compiled; its optimizer counts the steps.
        decay: In (0, 1); None averages nothing, and every method does nothing.
    """

    def __init__(self, model: keras.Model, decay: float | None) -> None:
        from coralexp.tf_runtime import tf

        self._weights: list[tf.Variable] = []
        if decay is not None:
            self._weights = [weight for weight in model.weights if weight.dtype.is_floating]
        self.variables: list[tf.Variable] = [
            tf.Variable(weight, trainable=False) for weight in self._weights
        ]
        steps = model.optimizer.iterations

        @tf.function  # type: ignore[untyped-decorator]
        def follow() -> None:
            count = tf.cast(steps, tf.float32)
            now = tf.minimum(tf.constant(decay or 0.0), (1.0 + count) / (10.0 + count))
            for weight, average in zip(self._weights, self.variables, strict=True):
                average.assign_sub((average - weight) * tf.cast(1.0 - now, average.dtype))

        @tf.function  # type: ignore[untyped-decorator]
        def exchange() -> None:
            for weight, average in zip(self._weights, self.variables, strict=True):
                kept = tf.identity(weight)
                weight.assign(average)
                average.assign(kept)

        self._follow, self._exchange = follow, exchange

    def step_ends(self) -> None:
        """Take in the weights of a step."""
        if self.variables:
            self._follow()

    def exchange(self) -> None:
        """Put the averages where the weights are, and the weights aside; or back again."""
        if self.variables:
            self._exchange()

    @contextlib.contextmanager
    def in_place(self) -> Generator[None]:
        """Let the model be the averaged one for a while."""
        self.exchange()
        try:
            yield
        finally:
            self.exchange()
