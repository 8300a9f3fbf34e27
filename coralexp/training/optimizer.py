"""The rule of a step, as a recipe asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe

# What has no direction that growing weights could go: decay would only pull it off its place.
_NEVER_DECAYED = r"(^|/)(bias|gamma|beta):"


def make_optimizer(recipe: Recipe, rate: object) -> keras.optimizers.Optimizer:
    """Return a new optimizer.

    Args:
        recipe: Which, and with what.
        rate: A number, or a schedule of Keras.
    """
    from coralexp.tf_runtime import keras

    options: dict[str, float] = {}
    if recipe.optimizer == "sgd":
        options["momentum"] = recipe.momentum
    if recipe.epsilon is not None:
        options["epsilon"] = recipe.epsilon
    if recipe.weight_decay is not None:
        options["weight_decay"] = recipe.weight_decay
    kinds = {
        "adam": keras.optimizers.Adam,
        "adamw": keras.optimizers.AdamW,
        "rmsprop": keras.optimizers.RMSprop,
        "sgd": keras.optimizers.SGD,
    }
    optimizer = kinds[recipe.optimizer](rate, **options)
    if recipe.weight_decay is not None:
        optimizer.exclude_from_weight_decay(var_names=[_NEVER_DECAYED])
    return optimizer
