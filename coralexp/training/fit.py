"""Finding weights: one call of Keras's fit, watched by our callbacks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.preprocessing import NOTHING
from coralexp.errors import TrainingError
from coralexp.training.averaging import Averages
from coralexp.training.batches import (
    Labels,
    Pixels,
    evaluation_batches,
    steps_per_epoch,
    training_batches,
)
from coralexp.training.early_stopping import Stopping
from coralexp.training.events import event_writer
from coralexp.training.optimizer import make_optimizer
from coralexp.training.resume import Resume
from coralexp.training.schedule import learning_rates
from coralexp.training.watch import History, watcher

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.preprocessing import Preprocessing
    from coralexp.artifacts.progress import Progress
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe


@dataclass(frozen=True)
class Labelled:
    """Images with their classes.

    Attributes:
        images: uint8 `[N, H, W, C]`.
        labels: int64 `[N]`.
    """

    images: Pixels
    labels: Labels


def fit(
    model: keras.Model,
    train: Labelled,
    validation: Labelled,
    recipe: Recipe,
    *,
    epochs: int,
    learning_rate: float,
    seed: int,
    progress: Progress,
    rate_option: str = "training.learning_rate",
    checkpoint: Path | None = None,
    after: History | None = None,
    later_epochs: int = 0,
    events: Path | None = None,
    callbacks: Sequence[keras.callbacks.Callback] = (),
) -> History:
    """Train the model in place, or go on with a training that was killed.

    Args:
        model: From float32 `[N, H, W, C]` in [-1, 1] to probabilities `[N, K]`.
        train: What it learns from.
        validation: What it is judged by after each epoch; may be empty.
        recipe: Everything but epochs and rate, which fine-tuning sets differently.
        epochs: Passes, at least 1.
        learning_rate: Peak step size.
        seed: Of order, augmentation and dropout.
        progress: Hears after each step, at most ten times a second.
        rate_option: Where the user sets the learning rate, for messages.
        checkpoint: File that is written after each epoch, and taken up if it is there; None for
            none. The result is the same to the bit however often the training was killed. Phases of
            one training share it.
        after: Of the first phase, if this is the second one; goes on.
        later_epochs: Passes of the phase to come, for the user to see.
        events: Folder that receives event files for TensorBoard; None for none.
        callbacks: What Keras is to call besides, before our own.

    Returns:
        What happened in each epoch, those before a kill included.

    Raises:
        TrainingError: If the loss or a weight is no longer a number.
    """
    from coralexp.tf_runtime import keras

    classes = model.output_shape[-1]
    steps = steps_per_epoch(len(train.images), recipe.batch_size)
    phase = 1 if after is None else 2
    history = History(images=len(train.images)) if after is None else after
    begin = history.before(phase)
    if begin == len(history.epochs):  # how the phase before ended says nothing of this one
        history.stopped_by = None
    last = begin + epochs
    _compile(model, recipe, learning_rate, epochs=epochs, steps_per_epoch=steps)
    averages = Averages(model, recipe.average)
    stopping = Stopping(recipe.early_stopping, history)
    resume = Resume(
        checkpoint,
        model,
        history,
        stopping,
        last,
        progress,
        phase=phase,
        total=last + later_epochs,
        averages=averages.variables,
    )
    resume.take_up()
    first = len(history.epochs)
    batches = training_batches(
        train.images,
        train.labels,
        classes=classes,
        batch_size=recipe.batch_size,
        epochs=last,
        augmentation=recipe.augmentation,
        seed=seed,
        first_epoch=first,
        standardize=recipe.standardize,
    )
    judged = len(validation.images) > 0
    judges = evaluation_batches(
        validation.images, validation.labels, classes=classes, steps=recipe.preprocessing
    )

    def epoch_ends(epoch: int, logs: Mapping[str, float]) -> None:
        if judged:
            with averages.in_place():
                stopping.epoch_ends(epoch - begin, logs["val_loss"], model)
        resume.keep()

    watching = [
        *callbacks,
        watcher(
            recipe,
            history,
            epochs=last + later_epochs,
            steps=steps,
            phase=phase,
            progress=progress,
            hint=f"lower {rate_option} (now {learning_rate:g})",
        ),
        keras.callbacks.LambdaCallback(
            on_batch_end=lambda step, logs: averages.step_ends(),
            on_epoch_end=epoch_ends,
            on_test_begin=lambda logs: averages.exchange(),
            on_test_end=lambda logs: averages.exchange(),
        ),
    ]
    if events is not None:
        watching.append(event_writer(events, batches.take(1), history, phase=phase))
    if not resume.ended:
        model.fit(
            batches,
            initial_epoch=first,
            epochs=last,
            steps_per_epoch=steps,
            validation_data=judges if judged else None,
            class_weight=_class_weights(train.labels, classes) if recipe.class_weights else None,
            callbacks=watching,
            verbose=0,
        )
    averages.exchange()
    stopping.give_back(model)
    if not all(np.isfinite(weights).all() for weights in model.get_weights()):
        raise TrainingError(
            f"epoch {len(history.epochs)}: the last step left weights that are no numbers; lower "
            f"training.learning_rate (now {learning_rate:g})"
        )
    return history


def accuracy(model: keras.Model, data: Labelled, steps: Preprocessing = NOTHING) -> float:
    """Return the share of images, in [0, 1], whose most probable class is their label.

    Args:
        model: From float32 images to probabilities.
        data: The images and their labels.
        steps: What the host does to each image before.
    """
    batches = evaluation_batches(
        data.images, data.labels, classes=model.output_shape[-1], steps=steps
    )
    answers = model.predict(batches, verbose=0)
    return float(np.mean(np.argmax(answers, axis=1) == np.asarray(data.labels)))


def _compile(
    model: keras.Model, recipe: Recipe, peak: float, *, epochs: int, steps_per_epoch: int
) -> None:
    from coralexp.tf_runtime import keras

    rate = learning_rates(recipe, peak, epochs=epochs, steps_per_epoch=steps_per_epoch)
    model.compile(
        optimizer=make_optimizer(recipe, rate),
        loss=keras.losses.CategoricalCrossentropy(label_smoothing=recipe.label_smoothing),
        metrics=["accuracy"],
        jit_compile=False,  # XLA is an order of magnitude slower for this on a CPU
    )


def _class_weights(labels: Labels, classes: int) -> dict[int, float]:
    """Return N / (K * count), as scikit-learn's `balanced` does; 0 for an absent class."""
    counts = np.bincount(np.asarray(labels), minlength=classes)
    return {
        number: float(len(labels) / (classes * count)) if count else 0.0
        for number, count in enumerate(counts)
    }


def seed_everything(seed: int, threads: int) -> None:
    """Make this process compute the same bits each time, for a count of threads.

    Must come before TensorFlow computes anything.
    """
    from coralexp.tf_runtime import keras, tf

    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    # Dropout draws from generators whose states can be kept; by default from counters inside the
    # operators, which cannot.
    keras.backend.experimental.enable_tf_random_generator()
    keras.utils.set_random_seed(seed)
    tf.config.experimental.enable_op_determinism()
