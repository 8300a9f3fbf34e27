"""Dense layers on every feature at its place: for pictures in which the place tells."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.errors import OptionError
from coralexp.heads.limits import require_dropout

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf

VERSION = 1
LATER_OPTIONS = {"l2": 0.0}


def attach(
    features: tf.Tensor,
    classes: int,
    *,
    units: tuple[int, ...] = (128,),
    dropout: float = 0.3,
    last_dropout: float | None = None,
    l2: float = 0.0,
) -> tf.Tensor:
    """Put dense layers with ReLU and dropout, and one with softmax, on top of flattened features.

    Args:
        features: Symbolic float32 `[N, h, w, F]`.
        classes: How many classes there are, at least 2.
        units: Width of each dense layer before the last; may be empty.
        dropout: Share of each layer's outputs left out at each training step, in [0, 1).
        last_dropout: The same of the last of `units`, before the layer with softmax; None takes
            `dropout`.
        l2: Weight of the L2 loss of the kernels of `units`, half of the sum of their squares, as
            `tf.nn.l2_loss` has it; it is added to the loss of a training. 0 for none.

    Returns:
        Symbolic float32 `[N, classes]`, each row adding up to 1.

    Raises:
        OptionError: If an option is out of range.
    """
    if any(width < 1 for width in units):
        raise OptionError("units", f"must be numbers above 0, such as [128,64]; got {list(units)}")
    require_dropout(dropout)
    if last_dropout is not None:
        require_dropout(last_dropout, "last_dropout")

    if not 0 <= l2 < math.inf:
        raise OptionError("l2", f"must be 0 or more; got {l2}")

    from coralexp.tf_runtime import keras

    x = keras.layers.Flatten(name="head_flatten")(features)
    for number, width in enumerate(units, start=1):
        x = keras.layers.Dense(
            width,
            activation="relu",
            kernel_regularizer=keras.regularizers.L2(l2 / 2) if l2 else None,
            name=f"head_dense{number}",
        )(x)
        is_last = number == len(units)
        share = last_dropout if is_last and last_dropout is not None else dropout
        if share:
            x = keras.layers.Dropout(share, name=f"head_dropout{number}")(x)
    # Probabilities are float32 in a training of half precision, too.
    last = keras.layers.Dense(classes, activation="softmax", name="head_dense", dtype="float32")
    return last(x)
