"""Logistic regression on the mean of the features, fitted to its optimum by scikit-learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import OptionError
from coralexp.heads.pooled_features import attach_dense, pool, require_every_class

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from coralexp.heads.contract import Floats
    from coralexp.tf_runtime import tf

VERSION = 2
POOLS = True
_TWO = 2  # classes, of which scikit-learn keeps one row of coefficients


def attach(
    features: tf.Tensor,
    classes: int,
    *,
    inverse_regularization: float = 1.0,
    max_iterations: int = 1000,
) -> tf.Tensor:
    """Put global average pooling and a dense layer with softmax on top of features.

    The layer's weights are those of the fit, so it is converted and quantized like any other. It
    needs a frozen backbone, whose features do not move under the fit.

    Args:
        features: Symbolic float32 `[N, h, w, F]`.
        classes: How many classes there are, at least 2.
        inverse_regularization: scikit-learn's C, above 0: the less, the smaller the weights.
        max_iterations: Steps of its solver (L-BFGS) at most, 1 or more.

    Returns:
        Symbolic float32 `[N, classes]`, each row adding up to 1.

    Raises:
        OptionError: If an option is out of range.
    """
    if not 0 < inverse_regularization < math.inf:
        raise OptionError(
            "inverse_regularization", f"must be above 0; got {inverse_regularization}"
        )
    if max_iterations < 1:
        raise OptionError("max_iterations", f"must be 1 or more; got {max_iterations}")
    return attach_dense(features, classes)


def solve(
    features: Floats,
    labels: npt.NDArray[np.int64],
    classes: Sequence[str],
    *,
    inverse_regularization: float = 1.0,
    max_iterations: int = 1000,
) -> list[Floats]:
    """Return kernel and bias of the dense layer.

    The fit sees each feature with mean 0, all of them divided by one number, so that they deviate
    by 1 on the whole; both are folded into the weights. A deviation for each feature would fold
    into weights of very different sizes, and a quantized layer has one scale for all: on 20
    hieroglyphs the int8 model then fell from 1.00 to 0.14.

    Args:
        features: float32 `[N, h, w, F]`.
        labels: int64 `[N]`.
        classes: Names of the classes.
        inverse_regularization: As for `attach`.
        max_iterations: As for `attach`.

    Returns:
        float32 `[F, classes]` and `[classes]`.

    Raises:
        TrainingError: If a class has no image.
    """
    from sklearn.linear_model import LogisticRegression

    labels = np.asarray(labels)
    require_every_class(labels, classes)
    x = pool(features).astype(np.float64)
    mean = x.mean(axis=0)
    deviation = float(np.sqrt(np.mean((x - mean) ** 2))) or 1.0  # 0 if all images are alike
    model = LogisticRegression(C=inverse_regularization, max_iter=max_iterations)
    model.fit((x - mean) / deviation, labels)
    rows, offsets = model.coef_, model.intercept_
    if len(classes) == _TWO:  # one row for the second class, whose sigmoid is this softmax
        rows, offsets = np.concatenate([-rows, rows]) / 2, np.concatenate([-offsets, offsets]) / 2
    kernel = (rows / deviation).T
    return [kernel.astype(np.float32), (offsets - mean @ kernel).astype(np.float32)]
