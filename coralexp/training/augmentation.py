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
    if augmentation.shift or augmentation.rotation_deg:
        moved = uniform(2, augmentation.shift, 2)
        turned = uniform(3, math.radians(augmentation.rotation_deg))[:, 0]
        images = _move(images, moved, turned)
    if augmentation.contrast:
        factor = 1.0 + uniform(4, augmentation.contrast)[:, :, None, None]
        mean = tf.reduce_mean(images, [1, 2, 3], keepdims=True)
        images = (images - mean) * factor + mean
    if augmentation.brightness:
        images += 2.0 * uniform(5, augmentation.brightness)[:, :, None, None]
    return tf.clip_by_value(images, -1.0, 1.0)


def _move(images: tf.Tensor, moved: tf.Tensor, turned: tf.Tensor) -> tf.Tensor:
    """Turn each image about its centre by radians `[N]`, then shift it by shares `[N, 2]`."""
    from coralexp.tf_runtime import tf

    height, width = images.shape[1], images.shape[2]
    cos, sin = tf.cos(turned), tf.sin(turned)
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
