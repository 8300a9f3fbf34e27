"""What a training is: a recipe of plain values.

A choice of the group `training` names a function of keyword-only options that returns a `Recipe`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from coralexp.artifacts.preprocessing import Preprocessing

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
        crop: Smallest side of a window that is enlarged to the whole, as a share, in (0, 1].
        cutout: Side of a square that is painted grey, as a share, in [0, 1).
        mixup: Both parameters of the beta distribution by which two images and their labels are
            mixed; 0 mixes nothing.
        window_px: Side of the square that is cut out at a random place; elsewhere from the middle.
            0 cuts nothing.
    """

    flip: bool = False
    shift: float = 0.0
    rotation_deg: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0
    crop: float = 1.0
    cutout: float = 0.0
    mixup: float = 0.0
    window_px: int = 0


@dataclass(frozen=True)
class Recipe:
    """How weights are found.

    Attributes:
        epochs: Passes over the training split, at least 1.
        batch_size: Images per step, at least 1.
        learning_rate: Peak step size of the optimizer, per step.
        optimizer: Rule of the step.
        schedule: How the rate falls: `cosine` to 0, `exponential` by a factor, or not at all.
        label_smoothing: Share of each label that is spread over all classes, in [0, 1).
        augmentation: Random changes of training images.
        early_stopping: Epochs without a better validation loss before it ends and the best weights
            come back; None to go on to the end.
        class_weights: Whether rare classes count more: weights in inverse proportion to frequency.
        freeze_backbone: Whether only the head learns.
        max_minutes: Wall time after which training ends where it is; None for no limit.
        freeze_until: Layer of the backbone that is the last one that never learns; None if all do.
        unfreeze_from: Layer of the backbone that is the first one to learn in a second phase; `all`
            for every one, None for no second phase.
        fine_tune_epochs: Passes of the second phase.
        fine_tune_rate: Its peak step size, as a share of the first phase's.
        momentum: Of `sgd`.
        epsilon: Added to the divisor of an adaptive optimizer; None leaves Keras's own.
        weight_decay: Share of each weight taken off in a step, times the rate; None leaves the
            optimizer's own.
        decay_rate: Factor of the exponential schedule.
        decay_epochs: Passes in which the rate falls by that factor; None for all of a phase.
        staircase: Whether it falls at the end of these passes alone.
        warmup_epochs: Passes in which the rate rises from 0 to its peak.
        average: Decay of the moving average of the weights, which is what is judged and kept; None
            keeps the weights of the last step.
        tensorboard: Whether event files are written.
        standardize: Whether the host standardizes each image, after its random changes.
        mixed_precision: Whether it is computed in half precision, on a graphics card.
        all_gpus: Whether each batch is divided among all graphics cards.
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
    freeze_until: str | None = None
    unfreeze_from: str | None = None
    fine_tune_epochs: int = 0
    fine_tune_rate: float = 0.1
    momentum: float = 0.9
    epsilon: float | None = None
    weight_decay: float | None = None
    decay_rate: float = 0.01
    decay_epochs: float | None = None
    staircase: bool = False
    warmup_epochs: float = 0.0
    average: float | None = None
    tensorboard: bool = False
    standardize: bool = False
    mixed_precision: bool = False
    all_gpus: bool = False

    @property
    def preprocessing(self) -> Preprocessing:
        """What the host does to an image wherever the network is used."""
        return Preprocessing(self.augmentation.window_px, self.standardize)
