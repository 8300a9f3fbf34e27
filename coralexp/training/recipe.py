"""The one training recipe so far: supervised classification with cross-entropy."""

from __future__ import annotations

from coralexp.errors import OptionError
from coralexp.training.contract import Augmentation, Optimizer, Recipe, Schedule
from coralexp.training.limits import (
    require_above_zero,
    require_above_zero_or_null,
    require_angle,
    require_counts,
    require_not_negative,
    require_sense,
    require_shares,
)

VERSION = 1
LATER_OPTIONS = {
    "window_px": 0,
    "standardize": False,
    "mixed_precision": False,
    "all_gpus": False,
}


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
    freeze_until: str | None = None,
    unfreeze_from: str | None = None,
    fine_tune_epochs: int | None = None,
    fine_tune_rate: float = 0.1,
    momentum: float | None = None,
    epsilon: float | None = None,
    weight_decay: float | None = None,
    decay_rate: float | None = None,
    decay_epochs: float | None = None,
    staircase: bool = False,
    warmup_epochs: float = 0.0,
    average: float | None = None,
    crop: float = 1.0,
    cutout: float = 0.0,
    mixup: float = 0.0,
    tensorboard: bool = False,
    window_px: int = 0,
    standardize: bool = False,
    mixed_precision: bool = False,
    all_gpus: bool = False,
) -> Recipe:
    """Train with cross-entropy.

    Args:
        epochs: Passes over the training split, at least 1.
        batch_size: Images per step, at least 1.
        learning_rate: Peak step size of the optimizer, per step, above 0.
        optimizer: `adam`, `adamw`, `rmsprop` or `sgd`.
        schedule: `cosine` to 0, `exponential` by `decay_rate`, or `constant`; each phase has its
            own.
        label_smoothing: Share of each label spread over all classes, in [0, 1).
        flip: Mirror half of the training images left to right.
        shift: Largest random displacement, as a share of the side, in [0, 1).
        rotation_deg: Largest random rotation either way, in [0, 180].
        brightness: Largest random change, as a share of the range, in [0, 1).
        contrast: Largest random relative change, in [0, 1).
        early_stopping: Epochs without a better validation loss before a phase ends; null for never.
        class_weights: Let rare classes count more, in inverse proportion to their frequency.
        freeze_backbone: Let only the head learn; with `unfreeze_from`, in the first phase.
        max_minutes: Wall time after which a training ends where it is; null for no limit.
        freeze_until: Last layer of the backbone that never learns, such as `block3_pool`; its batch
            normalization, and that before it, keeps its statistics. Null lets every layer learn.
        unfreeze_from: First layer of the backbone that learns in a second phase, such as
            `block5_conv1`, or `all`; batch normalization of the backbone stays frozen. Null for no
            second phase.
        fine_tune_epochs: Passes of the second phase, at least 1; null for as many as `epochs`.
        fine_tune_rate: Peak step size of the second phase as a share of `learning_rate`, above 0.
        momentum: Of `sgd`, in [0, 1); null for 0.9.
        epsilon: Added to the divisor of `adam`, `adamw` and `rmsprop`, above 0; null for 1e-7.
        weight_decay: Share of each kernel taken off in a step, times the rate; biases and batch
            normalization keep theirs. Null for none, and for `adamw` 0.004 of every weight.
        decay_rate: Factor of the `exponential` schedule, in (0, 1]; null for 0.01.
        decay_epochs: Passes in which the rate falls by that factor; null for all of a phase.
        staircase: Let the rate fall at the end of these passes alone, instead of at each step.
        warmup_epochs: Passes in which the rate rises in equal steps from 0 to its peak; the
            schedule follows after them.
        average: Decay of a moving average of the weights, in (0, 1), such as 0.9999: the average
            is what is judged, kept and deployed. It begins with min(average, (1 + n) / (10 + n))
            after n steps. Null keeps the weights of the last step.
        crop: Smallest side of a random window that is enlarged to the whole image, as a share of
            the side, in (0, 1]; 1 crops nothing.
        cutout: Side of a square painted grey at a random place, as a share of the side, in [0, 1).
        mixup: Mix each image and its label with another's, by a share from Beta(mixup, mixup), such
            as 0.2; 0 mixes nothing.
        tensorboard: Write event files for TensorBoard: images, loss, rate, histograms of weights,
            gradients and activations.
        window_px: Side, in pixels, of a square that is cut out of each image: at a random place to
            train, from the middle wherever the network is judged or used. The network is of that
            size. 0 cuts nothing.
        standardize: Give each image mean 0 and standard deviation 1, up to 3 deviations. The host
            does it before the network, when it trains and wherever it is used, for the chip cannot.
        mixed_precision: Compute the float training in half precision (weights stay float32); needs
            a graphics card. Fine-tuning for a quantization mode is in float32 all the same.
        all_gpus: Divide each batch of the float training among all graphics cards of this machine;
            needs one. A training that is killed begins anew.

    Raises:
        OptionError: If an option is out of its range, or has no effect beside the others.
    """
    require_counts(epochs=epochs, batch_size=batch_size, fine_tune_epochs=fine_tune_epochs)
    require_above_zero(learning_rate=learning_rate, fine_tune_rate=fine_tune_rate)
    require_shares(
        label_smoothing=label_smoothing,
        shift=shift,
        brightness=brightness,
        contrast=contrast,
        cutout=cutout,
        momentum=momentum or 0.0,
    )
    if window_px < 0:
        raise OptionError("window_px", f"is a side in pixels, or 0 for none; got {window_px}")
    require_angle(rotation_deg=rotation_deg)
    require_not_negative(mixup=mixup, warmup_epochs=warmup_epochs, weight_decay=weight_decay)
    if early_stopping is not None and early_stopping < 1:
        raise OptionError("early_stopping", f"waits at least 1 epoch; got {early_stopping}")
    require_above_zero_or_null(max_minutes=max_minutes, epsilon=epsilon, decay_epochs=decay_epochs)
    for option, share in {"crop": crop, "decay_rate": decay_rate}.items():
        if share is not None and not 0 < share <= 1:
            raise OptionError(option, f"is a share in (0, 1]; got {share}")
    if average is not None and not 0 < average < 1:
        raise OptionError("average", f"is a share in (0, 1), or null; got {average}")
    augmentation = Augmentation(
        flip=flip,
        shift=shift,
        rotation_deg=rotation_deg,
        brightness=brightness,
        contrast=contrast,
        crop=crop,
        cutout=cutout,
        mixup=mixup,
        window_px=window_px,
    )
    recipe = Recipe(
        epochs=epochs,
        batch_size=batch_size,
        learning_rate=learning_rate,
        optimizer=optimizer,
        schedule=schedule,
        label_smoothing=label_smoothing,
        augmentation=augmentation,
        early_stopping=early_stopping,
        class_weights=class_weights,
        freeze_backbone=freeze_backbone,
        max_minutes=max_minutes,
        freeze_until=freeze_until,
        unfreeze_from=unfreeze_from,
        fine_tune_epochs=epochs if fine_tune_epochs is None else fine_tune_epochs,
        fine_tune_rate=fine_tune_rate,
        momentum=0.9 if momentum is None else momentum,
        epsilon=epsilon,
        weight_decay=weight_decay,
        decay_rate=0.01 if decay_rate is None else decay_rate,
        decay_epochs=decay_epochs,
        staircase=staircase,
        warmup_epochs=warmup_epochs,
        average=average,
        tensorboard=tensorboard,
        standardize=standardize,
        mixed_precision=mixed_precision,
        all_gpus=all_gpus,
    )
    given = {
        "fine_tune_epochs": fine_tune_epochs,
        "momentum": momentum,
        "decay_rate": decay_rate,
        "decay_epochs": decay_epochs,
        "staircase": staircase,
    }
    require_sense(recipe, given)
    return recipe
