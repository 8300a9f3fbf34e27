"""What a training is: a recipe of plain values.

A choice of the group `training` names a function of keyword-only options that returns a `Recipe`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Optimizer = Literal["adam", "adamw", "rmsprop", "sgd"]
Schedule = Literal["constant", "cosine", "exponential"]


@dataclass(frozen=True)
class Augmentation:
    """Random changes of training images.

    Attributes:
        flip: Whether half of the images are mirrored left to right.
        shift: Largest displacement, as a share of the side, in [0, 1).
        rotation_deg: Largest rotation either way, in degrees.
        brightness: Largest change, as a share of the range, in [0, 1).
        contrast: Largest relative change, in [0, 1).
    """

    flip: bool = False
    shift: float = 0.0
    rotation_deg: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0


@dataclass(frozen=True)
class Recipe:
    """How weights are found.

    Attributes:
        epochs: Passes over the training split, at least 1.
        batch_size: Images per step, at least 1.
        learning_rate: Peak step size of the optimizer, per step.
        optimizer: Rule of the step.
        schedule: How the rate falls: `cosine` to 0, `exponential` to a hundredth, or not at all.
        label_smoothing: Share of each label that is spread over all classes, in [0, 1).
        augmentation: Random changes of training images.
        early_stopping: Epochs without a better validation loss before it ends and the best weights
            come back; None to go on to the end.
        class_weights: Whether rare classes count more: weights in inverse proportion to frequency.
        freeze_backbone: Whether only the head learns.
        max_minutes: Wall time after which training ends where it is; None for no limit.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    optimizer: Optimizer
    schedule: Schedule
    label_smoothing: float
    augmentation: Augmentation
    early_stopping: int | None
    class_weights: bool
    freeze_backbone: bool
    max_minutes: float | None
