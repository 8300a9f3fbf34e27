"""One dense layer on the mean of the features: the head that needs the fewest examples."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.heads.limits import require_dropout

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1
POOLS = True


def attach(features: tf.Tensor, classes: int, *, dropout: float = 0.2) -> tf.Tensor:
    """Put global average pooling, dropout and a dense layer with softmax on top of features.

    Args:
        features: Symbolic float32 `[N, h, w, F]`.
        classes: How many classes there are, at least 2.
        dropout: Share of the pooled features left out at each training step, in [0, 1).

    Returns:
        Symbolic float32 `[N, classes]`, each row adding up to 1.

    Raises:
        OptionError: If the dropout is out of range.
    """
    require_dropout(dropout)

    from coralexp.tf_runtime import keras

    x = keras.layers.GlobalAveragePooling2D(name="head_pool")(features)
    if dropout:
        x = keras.layers.Dropout(dropout, name="head_dropout")(x)
    # Probabilities are float32 in a training of half precision, too.
    last = keras.layers.Dense(classes, activation="softmax", name="head_dense", dtype="float32")
    return last(x)
