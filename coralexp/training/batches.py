"""Training batches: their order is a function of seed and epoch, augmentation of seed and step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.artifacts.preprocessing import NOTHING
from coralexp.tflite.preprocess import preprocess
from coralexp.tflite.standardize import standardized

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.artifacts.preprocessing import Preprocessing
    from coralexp.tf_runtime import tf
    from coralexp.training.contract import Augmentation

Pixels = npt.NDArray[np.uint8] | npt.NDArray[np.float32]  # the latter: features instead
Labels = npt.NDArray[np.int64]


def steps_per_epoch(images: int, batch_size: int) -> int:
    """Return the steps of one pass; the last batch may be smaller."""
    return -(-images // batch_size)


def batch_indices(images: int, batch_size: int, seed: int, step: int) -> npt.NDArray[np.int64]:
    """Return which images step `step` (from 0, over all epochs) takes.

    Every image comes once an epoch; the order of an epoch depends on seed and epoch alone, so that
    a training can go on from any step.
    """
    epoch, at = divmod(step, steps_per_epoch(images, batch_size))
    order = np.random.default_rng([seed, epoch]).permutation(images)
    return order[at * batch_size : (at + 1) * batch_size]


def random_windows(
    images: npt.NDArray[np.uint8], side_px: int, seed: int, step: int
) -> npt.NDArray[np.uint8]:
    """Return a square of each image, at a random place of its own.

    Args:
        images: `[N, H, W, C]`.
        side_px: Height and width of each square.
        seed: Of the places, with the step.
        step: From 0, over all epochs.
    """
    room = np.array(images.shape[1:3]) - side_px
    places = np.random.default_rng([seed, step, 2]).integers(0, room + 1, (len(images), 2))
    cut = [
        image[top : top + side_px, left : left + side_px]
        for image, (top, left) in zip(images, places, strict=True)
    ]
    return np.stack(cut)


def training_batches(
    images: Pixels,
    labels: Labels,
    *,
    classes: int,
    batch_size: int,
    epochs: int,
    augmentation: Augmentation,
    seed: int,
    first_epoch: int = 0,
    standardize: bool = False,
) -> tf.data.Dataset:
    """Return the batches of all epochs, one after the other.

    Args:
        images: uint8 `[N, H, W, C]`, or float32 features; may be a memory map: only one batch at a
            time is read.
        labels: int64 `[N]`.
        classes: How many there are.
        batch_size: Images per step.
        epochs: Passes.
        augmentation: Random changes.
        seed: Of order and changes.
        first_epoch: Epochs before this one, counted from 0, are left out.
        standardize: Whether each image is standardized after its changes.

    Returns:
        Pairs of float32 `[B, H, W, C]`, pixels in [-1, 1], and one-hot float32 `[B, classes]`, or
        shares of two classes where images are mixed.
    """
    from coralexp.tf_runtime import tf
    from coralexp.training.augmentation import augment, mix

    window_px = augmentation.window_px if images.dtype == np.uint8 else 0
    shape = (window_px, window_px, images.shape[3]) if window_px else images.shape[1:]

    def read(step: int) -> tuple[Pixels, Labels]:
        chosen = batch_indices(len(images), batch_size, seed, int(step))
        if window_px:
            return random_windows(images[chosen], window_px, seed, int(step)), labels[chosen]  # type: ignore[arg-type]
        return images[chosen], labels[chosen]

    def batch(step: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels, numbers = _call(read, step, images.dtype, shape)
        if images.dtype != np.uint8:  # features: no pixels to change, nor a range to keep to
            return pixels, tf.one_hot(numbers, classes)
        seeds = tf.stack([tf.constant(seed, tf.int64), step])
        changed = augment(scale(pixels), augmentation, seeds)
        if standardize:
            changed = _standardized(changed)
        return mix(changed, tf.one_hot(numbers, classes), augmentation.mixup, seeds)

    steps = steps_per_epoch(len(images), batch_size)
    return tf.data.Dataset.range(steps * first_epoch, steps * epochs).map(batch).prefetch(2)


def evaluation_batches(
    images: Pixels,
    labels: Labels,
    *,
    classes: int,
    batch_size: int = 128,
    steps: Preprocessing = NOTHING,
) -> tf.data.Dataset:
    """Return all images once, in their order; pairs as `training_batches` gives them.

    Args:
        images: uint8 `[N, H, W, C]`, or float32 features.
        labels: int64 `[N]`.
        classes: How many there are.
        batch_size: Images at a time.
        steps: What the host does to each image; to features, nothing.
    """
    from coralexp.tf_runtime import tf

    def read(start: int) -> tuple[Pixels, Labels]:
        part = slice(int(start), int(start) + batch_size)
        batch = images[part]
        if images.dtype == np.uint8:
            batch = preprocess(batch, steps)  # type: ignore[arg-type]
        return batch, labels[part]

    shape = steps.shape_of(images.shape[1:]) if images.dtype == np.uint8 else images.shape[1:]

    def batch(start: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pixels, numbers = _call(read, start, images.dtype, shape)
        return scale(pixels), tf.one_hot(numbers, classes)

    return tf.data.Dataset.range(0, len(images), batch_size).map(batch).prefetch(1)


def _call(
    read: Callable[[int], tuple[Pixels, Labels]],
    at: tf.Tensor,
    dtype: npt.DTypeLike,
    shape: tuple[int, ...],
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return what a function reads for a number: images of a type and shape, and their labels."""
    from coralexp.tf_runtime import tf

    pixels, numbers = tf.numpy_function(read, [at], [dtype, tf.int64], stateful=False)
    pixels.set_shape([None, *shape])
    numbers.set_shape([None])
    return pixels, numbers


def scale(pixels: tf.Tensor) -> tf.Tensor:
    """Return uint8 pixels in [0, 255] as float32 in [-1, 1]; features, float32, as they are."""
    from coralexp.tf_runtime import tf

    if pixels.dtype != tf.uint8:
        return pixels
    return tf.cast(pixels, tf.float32) / 127.5 - 1.0


def _standardized(images: tf.Tensor) -> tf.Tensor:
    """Return changed images, float32 in [-1, 1], as the host would give them to the network."""
    from coralexp.tf_runtime import tf

    pixels = tf.cast(tf.round((images + 1.0) * 127.5), tf.uint8)
    [levels] = tf.numpy_function(standardized, [pixels], [tf.uint8], stateful=False)
    levels.set_shape(images.shape)
    return scale(levels)
