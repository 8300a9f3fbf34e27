"""The one training recipe so far: supervised classification with cross-entropy."""

from __future__ import annotations

import math

from coralexp.errors import OptionError
from coralexp.training.contract import Augmentation, Optimizer, Recipe, Schedule

VERSION = 1


def plan(
    *,
    epochs: int = 12,
    batch_size: int = 64,
    learning_rate: float = 0.003,
    optimizer: Optimizer = "adam",
    schedule: Schedule = "cosine",
    label_smoothing: float = 0.0,
    flip: bool = False,
    shift: float = 0.0,
    rotation_deg: float = 0.0,
    brightness: float = 0.0,
    contrast: float = 0.0,
    early_stopping: int | None = None,
    class_weights: bool = False,
    freeze_backbone: bool = False,
    max_minutes: float | None = None,
) -> Recipe:
    """Train with cross-entropy.

    Args:
        epochs: Passes over the training split, at least 1.
        batch_size: Images per step, at least 1.
        learning_rate: Peak step size of the optimizer, per step, above 0.
        optimizer: `adam`, `adamw`, `rmsprop` or `sgd` (with momentum 0.9).
        schedule: `cosine` to 0, `exponential` to a hundredth, or `constant`.
        label_smoothing: Share of each label spread over all classes, in [0, 1).
        flip: Mirror half of the training images left to right.
        shift: Largest random displacement, as a share of the side, in [0, 1).
        rotation_deg: Largest random rotation either way, in [0, 180].
        brightness: Largest random change, as a share of the range, in [0, 1).
        contrast: Largest random relative change, in [0, 1).
        early_stopping: Epochs without a better validation loss before it ends; null for never.
        class_weights: Let rare classes count more, in inverse proportion to their frequency.
        freeze_backbone: Let only the head learn.
        max_minutes: Wall time after which a training ends where it is; null for no limit.

    Raises:
        OptionError: If an option is out of its range.
    """
    for option, value in {"epochs": epochs, "batch_size": batch_size}.items():
        if value < 1:
            raise OptionError(option, f"must be at least 1; got {value}")
    if not 0 < learning_rate < math.inf:
        raise OptionError("learning_rate", f"must be above 0; got {learning_rate}")
    shares = {
        "label_smoothing": label_smoothing,
        "shift": shift,
        "brightness": brightness,
        "contrast": contrast,
    }
    for option, share in shares.items():
        if not 0 <= share < 1:
            raise OptionError(option, f"is a share in [0, 1); got {share}")
    if not 0 <= rotation_deg <= 180:  # noqa: PLR2004 - half a turn
        raise OptionError("rotation_deg", f"must be in [0, 180]; got {rotation_deg}")
    if early_stopping is not None and early_stopping < 1:
        raise OptionError("early_stopping", f"waits at least 1 epoch; got {early_stopping}")
    if max_minutes is not None and not 0 < max_minutes < math.inf:
        raise OptionError("max_minutes", f"must be above 0, or null; got {max_minutes}")
    return Recipe(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        label_smoothing=label_smoothing,
        augmentation=Augmentation(flip, shift, rotation_deg, brightness, contrast),
        early_stopping=early_stopping,
        class_weights=class_weights,
        freeze_backbone=freeze_backbone,
        max_minutes=max_minutes,
    )
