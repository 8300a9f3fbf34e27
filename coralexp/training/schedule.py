"""How the learning rate goes: up in the first epochs, then down by a rule."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras, tf
    from coralexp.training.contract import Recipe


def learning_rates(
    recipe: Recipe, peak: float, *, epochs: int, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    """Return the rate of each step of one phase; a number if it is the same for all of them.

    Args:
        recipe: The rule.
        peak: Largest rate.
        epochs: Passes of the phase.
        steps_per_epoch: Steps in each.
    """
    warmup_steps = round(recipe.warmup_epochs * steps_per_epoch)
    if not warmup_steps:
        return _falling(recipe, peak, epochs * steps_per_epoch, steps_per_epoch)
    left = max(1, epochs * steps_per_epoch - warmup_steps)
    return _warmed_up(peak, warmup_steps, _falling(recipe, peak, left, steps_per_epoch))


def _falling(
    recipe: Recipe, peak: float, steps: int, steps_per_epoch: int
) -> float | keras.optimizers.schedules.LearningRateSchedule:
    from coralexp.tf_runtime import keras

    if recipe.schedule == "cosine":
        return keras.optimizers.schedules.CosineDecay(peak, steps)
    if recipe.schedule == "exponential":
        within = steps if recipe.decay_epochs is None else recipe.decay_epochs * steps_per_epoch
        return keras.optimizers.schedules.ExponentialDecay(
            peak, within, decay_rate=recipe.decay_rate, staircase=recipe.staircase
        )
    return peak


def _warmed_up(
    peak: float, steps: int, then: float | keras.optimizers.schedules.LearningRateSchedule
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Return a schedule whose first step takes a share of the peak, and not a rate of 0."""
    from coralexp.tf_runtime import keras, tf

    class WarmUp(keras.optimizers.schedules.LearningRateSchedule):  # type: ignore[misc]
        def __call__(self, step: tf.Tensor) -> tf.Tensor:
            done = tf.cast(step, tf.float32)
            rising = peak * (done + 1.0) / steps
            after = then(done - steps) if callable(then) else tf.constant(then, tf.float32)
            return tf.where(done < steps, rising, after)

        def get_config(self) -> dict[str, object]:
            return {"peak": peak, "steps": steps}

    return WarmUp()
