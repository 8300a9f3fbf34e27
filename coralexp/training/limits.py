"""Ranges of a recipe's options, refused by their names before anything starts."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.training.contract import Recipe

_HALF_TURN_DEG = 180
_OPTIMIZERS_WITH_EPSILON = ("adam", "adamw", "rmsprop")


def require_counts(**values: int | None) -> None:
    """Refuse what is below 1; None is left alone."""
    for option, value in values.items():
        if value is not None and value < 1:
            raise OptionError(option, f"must be at least 1; got {value}")


def require_above_zero(**values: float) -> None:
    """Refuse what is 0 or less, and what is no number."""
    for option, value in values.items():
        if not 0 < value < math.inf:
            raise OptionError(option, f"must be above 0; got {value}")


def require_above_zero_or_null(**values: float | None) -> None:
    """Refuse what is 0 or less, and what is no number; None is left alone."""
    for option, value in values.items():
        if value is not None and not 0 < value < math.inf:
            raise OptionError(option, f"must be above 0, or null; got {value}")


def require_not_negative(**values: float | None) -> None:
    """Refuse what is below 0, and what is no number; None is left alone."""
    for option, value in values.items():
        if value is not None and not 0 <= value < math.inf:
            raise OptionError(option, f"must be 0 or more; got {value}")


def require_shares(**values: float) -> None:
    """Refuse what is outside of [0, 1)."""
    for option, value in values.items():
        if not 0 <= value < 1:
            raise OptionError(option, f"is a share in [0, 1); got {value}")


def require_angle(**values: float) -> None:
    """Refuse what is outside of [0, 180] degrees."""
    for option, value in values.items():
        if not 0 <= value <= _HALF_TURN_DEG:
            raise OptionError(option, f"must be in [0, {_HALF_TURN_DEG}]; got {value}")


def require_sense(recipe: Recipe, given: Mapping[str, object]) -> None:
    """Refuse options that have no effect, or none together.

    Args:
        recipe: What they make.
        given: Those whose value tells whether they were given; None where they were not.

    Raises:
        OptionError: Naming the option to change.
    """
    if recipe.unfreeze_from is not None and not recipe.freeze_backbone:
        raise OptionError(
            "unfreeze_from",
            "needs a first phase in which only the head learns: freeze_backbone=true",
        )
    if recipe.freeze_backbone and recipe.freeze_until is not None:
        raise OptionError(
            "freeze_until", "says nothing with freeze_backbone=true, which freezes every layer"
        )
    if given.get("fine_tune_epochs") is not None and recipe.unfreeze_from is None:
        raise OptionError(
            "fine_tune_epochs",
            "needs the first layer that is to learn: unfreeze_from=LAYER (or all)",
        )
    if given.get("momentum") is not None and recipe.optimizer != "sgd":
        raise OptionError("momentum", f"belongs to optimizer=sgd, not to {recipe.optimizer}")
    if recipe.epsilon is not None and recipe.optimizer not in _OPTIMIZERS_WITH_EPSILON:
        expected = ", ".join(_OPTIMIZERS_WITH_EPSILON)
        raise OptionError("epsilon", f"belongs to {expected}, not to optimizer={recipe.optimizer}")
    _require_one_device(recipe)
    if recipe.schedule != "exponential":
        for option in ("decay_rate", "decay_epochs", "staircase"):
            if given.get(option):
                raise OptionError(
                    option, f"belongs to schedule=exponential, not to {recipe.schedule}"
                )
    if recipe.warmup_epochs >= recipe.epochs:
        raise OptionError(
            "warmup_epochs",
            f"must be fewer than the {recipe.epochs} epochs; got {recipe.warmup_epochs:g}",
        )


def _require_one_device(recipe: Recipe) -> None:
    """Refuse what reads the weights of one device where several have them."""
    for option, value in {"average": recipe.average, "tensorboard": recipe.tensorboard}.items():
        if recipe.all_gpus and value:
            none = "null" if option == "average" else "false"
            text = f"does not go with {option}: write {option}={none}, or all_gpus=false"
            raise OptionError("all_gpus", text)
