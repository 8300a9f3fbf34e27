"""Random changes of training images, each a function of the seed it is given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf
    from coralexp.training.contract import Augmentation


def augment(images: tf.Tensor, augmentation: Augmentation, seed: tf.Tensor) -> tf.Tensor:
    """Return the images, each changed in its own way.

    Args:
        images: float32 `[N, H, W, C]` in [-1, 1].
        augmentation: How much.
        seed: int64 `[2]`: equal seeds give equal changes.

    Returns:
        The same shape and range. What moves in at an edge repeats the edge.
    """
    from coralexp.tf_runtime import tf

    count = tf.shape(images)[0]

    def uniform(salt: int, limit: float, columns: int = 1) -> tf.Tensor:
        salted = seed + tf.constant([salt, 0], tf.int64) * 1_000_003
        return tf.random.stateless_uniform((count, columns), salted, -limit, limit)

    if augmentation.flip:
        mirrored = uniform(1, 1.0)[:, :, None, None] < 0
        images = tf.where(mirrored, tf.reverse(images, [2]), images)
    cropped = augmentation.crop < 1
    if augmentation.shift or augmentation.rotation_deg or cropped:
        moved = uniform(2, augmentation.shift, 2)
        turned = uniform(3, math.radians(augmentation.rotation_deg))[:, 0]
        side = None
        if cropped:
            side = (1 + augmentation.crop) / 2 + uniform(6, (1 - augmentation.crop) / 2)[:, 0]
            moved += uniform(7, 0.5, 2) * (1 - side)[:, None]  # the window stays in the image
        images = _move(images, moved, turned, side)
    if augmentation.contrast:
        factor = 1.0 + uniform(4, augmentation.contrast)[:, :, None, None]
        mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
        images = (images - mean) * factor + mean
    if augmentation.brightness:
        images += 2.0 * uniform(5, augmentation.brightness)[:, :, None, None]
    images = tf.clip_by_value(images, -1.0, 1.0)
    if augmentation.cutout:
        images = _cut_out(images, uniform(8, 0.5, 2), augmentation.cutout)
    return images


def mix(
    images: tf.Tensor, labels: tf.Tensor, parameter: float, seed: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor]:
    """Return each image mixed with the one before it in its batch, and their labels likewise.

    The order of a batch is random, so the one before is any. Each pair has a share of its own, from
    Beta(parameter, parameter): Zhang et al., "mixup: Beyond Empirical Risk Minimization" (2018).

    Args:
        images: float32 `[N, H, W, C]`.
        labels: One-hot float32 `[N, K]`.
        parameter: Of the distribution; 0 mixes nothing.
        seed: int64 `[2]`: equal seeds give equal shares.
    """
    from coralexp.tf_runtime import tf

    if not parameter:
        return images, labels
    count = tf.shape(images)[0]
    salted = seed + tf.constant([9, 0], tf.int64) * 1_000_003
    drawn = tf.random.stateless_gamma((count, 2), salted, parameter)  # two of them make a beta
    share = drawn[:, 0] / tf.maximum(drawn[:, 0] + drawn[:, 1], 1e-30)
    wide, narrow = share[:, None, None, None], share[:, None]
    return (
        wide * images + (1 - wide) * tf.roll(images, 1, 0),
        narrow * labels + (1 - narrow) * tf.roll(labels, 1, 0),
    )


def _cut_out(images: tf.Tensor, centre: tf.Tensor, side: float) -> tf.Tensor:
    """Paint a square grey in each image: DeVries and Taylor, "Improved Regularization" (2017).

    Args:
        images: `[N, H, W, C]`.
        centre: Its place, as shares of the sides from the middle, `[N, 2]`; the square may reach
            beyond the image.
        side: As a share of the shorter side.
    """
    from coralexp.tf_runtime import tf

    height, width = images.shape[1], images.shape[2]
    half_px = side * min(height, width) / 2
    x = tf.range(width, dtype=tf.float32)[None, :] - (width - 1) / 2 - centre[:, :1] * width
    y = tf.range(height, dtype=tf.float32)[None, :] - (height - 1) / 2 - centre[:, 1:] * height
    inside = (tf.abs(y) < half_px)[:, :, None] & (tf.abs(x) < half_px)[:, None, :]
    return tf.where(inside[..., None], 0.0, images)


def _move(
    images: tf.Tensor, moved: tf.Tensor, turned: tf.Tensor, side: tf.Tensor | None
) -> tf.Tensor:
    """Turn each image about its centre by radians `[N]`, then shift it by shares `[N, 2]`.

    With `side`, shares `[N]`, what is then seen is a window of that side, enlarged.
    """
    from coralexp.tf_runtime import tf

    height, width = images.shape[1], images.shape[2]
    cos, sin = tf.cos(turned), tf.sin(turned)
    if side is not None:
        cos, sin = side * cos, side * sin
    x, y = (width - 1) / 2, (height - 1) / 2
    offset_x = x - (cos * x - sin * y) + moved[:, 0] * width
    offset_y = y - (sin * x + cos * y) + moved[:, 1] * height
    zero = tf.zeros_like(cos)
    transforms = tf.stack([cos, -sin, offset_x, sin, cos, offset_y, zero, zero], axis=1)
    return tf.raw_ops.ImageProjectiveTransformV3(
        images=images,
        transforms=transforms,
        output_shape=tf.constant([height, width]),
        fill_value=0.0,
        interpolation="BILINEAR",
        fill_mode="NEAREST",
    )
