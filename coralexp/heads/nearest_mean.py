"""The class whose mean direction is nearest: for few images a class, nothing is learned.

Weight imprinting (Qi, Brown and Lowe, 2018, https://arxiv.org/abs/1712.07136): the weights of a
class are the mean of its images' features, each made one long, made one long again. The score is
the cosine of a feature and that.

The model that is deployed does not normalize the features of the image it sees: the length of one
feature divides the scores of all classes alike, so that their order, and the answer, are the same
without. It is one dense layer and nothing more. What differs is how sure the softmax sounds: in the
paper the scores are scale * cosine; here they are that times the feature's length over the mean
length of the training features.
"""

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

VERSION = 1
POOLS = True
_LEAST_LENGTH = 1e-12


def attach(features: tf.Tensor, classes: int, *, scale: float = 20.0) -> tf.Tensor:
    """Put global average pooling and a dense layer with softmax on top of features.

    It needs a frozen backbone, whose features do not move away from the means.

    Args:
        features: Symbolic float32 `[N, h, w, F]`.
        classes: How many classes there are, at least 2.
        scale: Factor of the cosines before the softmax, above 0: the more, the surer it sounds. The
            answer does not depend on it.

    Returns:
        Symbolic float32 `[N, classes]`, each row adding up to 1.

    Raises:
        OptionError: If the scale is out of range.
    """
    if not 0 < scale < math.inf:
        raise OptionError("scale", f"must be above 0; got {scale}")
    return attach_dense(features, classes)


def solve(
    features: Floats,
    labels: npt.NDArray[np.int64],
    classes: Sequence[str],
    *,
    scale: float = 20.0,
) -> list[Floats]:
    """Return kernel and bias of the dense layer.

    Args:
        features: float32 `[N, h, w, F]`.
        labels: int64 `[N]`.
        classes: Names of the classes.
        scale: As for `attach`.

    Returns:
        float32 `[F, classes]` and `[classes]`, zeros.

    Raises:
        TrainingError: If a class has no image.
    """
    labels = np.asarray(labels)
    require_every_class(labels, classes)
    x = pool(features).astype(np.float64)
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    unit = x / np.maximum(lengths, _LEAST_LENGTH)
    means = np.stack([unit[labels == place].mean(axis=0) for place in range(len(classes))])
    means /= np.maximum(np.linalg.norm(means, axis=1, keepdims=True), _LEAST_LENGTH)
    kernel = means.T * (scale / max(lengths.mean(), _LEAST_LENGTH))
    return [kernel.astype(np.float32), np.zeros(len(classes), np.float32)]
