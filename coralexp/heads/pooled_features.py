"""What the heads that are computed have in common: the mean of the features, and every class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import TrainingError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from coralexp.heads.contract import Floats
    from coralexp.tf_runtime import tf


def pool(features: Floats) -> Floats:
    """Return the mean over height and width, as global average pooling takes it.

    Args:
        features: float32 `[N, h, w, F]`; may be a memory map.

    Returns:
        float32 `[N, F]`.
    """
    mean: Floats = features.mean(axis=(1, 2))
    return mean


def require_every_class(labels: npt.NDArray[np.int64], classes: Sequence[str]) -> None:
    """Refuse training images that leave a class out: nothing could be computed for it.

    Raises:
        TrainingError: If they do; names the classes.
    """
    absent = [name for place, name in enumerate(classes) if not np.any(labels == place)]
    if absent:
        more = f" and {len(absent) - 5} more" if len(absent) > 5 else ""  # noqa: PLR2004 - shown
        raise TrainingError(
            f"no training image shows {', '.join(absent[:5])}{more}: a head that is computed needs "
            "one of every class; raise dataset.limit, or take head=linear"
        )


def attach_dense(features: tf.Tensor, classes: int) -> tf.Tensor:
    """Put global average pooling and a dense layer with softmax on top of features."""
    from coralexp.tf_runtime import keras

    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(features)
    return keras.layers.Dense(classes, activation="softmax", name="head_dense")(x)
