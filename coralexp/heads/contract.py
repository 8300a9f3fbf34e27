"""What a head is: features to answers.

A choice of the group `head` names a function of this form, whose options are keyword-only. A head
whose weights are computed instead of learned has a function `solve` beside it, which takes the same
options (`SolveHead`). One that begins with global average pooling has `POOLS = True` beside it: the
features of a frozen backbone are then kept pooled, `[N, 1, 1, F]`, at a small part of their size.
"""

from __future__ import annotations

import functools
import sys
from typing import TYPE_CHECKING, Protocol

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import ModuleType

    from coralexp.tf_runtime import tf

Floats = npt.NDArray[np.float32]
_SOLVE = "solve"
_POOLS = "POOLS"
NOT_LEARNED = (
    "this head is computed once, from the features that a frozen backbone gives of plain images: "
    "write training.freeze_backbone=true, and no augmentation"
)


class AttachHead(Protocol):
    """Put layers on top of a backbone's output."""

    def __call__(self, features: tf.Tensor, classes: int) -> tf.Tensor:
        """Return the probabilities.

        Args:
            features: Symbolic float32 `[N, h, w, F]`, output of the backbone.
            classes: How many classes there are, at least 2.

        Returns:
            Symbolic float32 `[N, classes]`, each row adding up to 1.
        """


class SolveHead(Protocol):
    """Compute a head's weights from what a frozen backbone makes of the training images."""

    def __call__(
        self, features: Floats, labels: npt.NDArray[np.int64], classes: Sequence[str]
    ) -> list[Floats]:
        """Return the weights of the head's layers, in Keras' order.

        Args:
            features: float32 `[N, h, w, F]`; may be a memory map.
            labels: int64 `[N]`, places in `classes`.
            classes: Their names.

        Raises:
            TrainingError: If a class has no image.
        """


def solver_of(attach: Callable[..., object]) -> SolveHead | None:
    """Return what computes the weights of a head; None if they are learned, as most are.

    Args:
        attach: The head's function, or a partial of it with its options.
    """
    solve = getattr(_module_of(attach), _SOLVE, None)
    if solve is None or not isinstance(attach, functools.partial):
        found: SolveHead | None = solve
        return found
    bound: SolveHead = functools.partial(solve, **attach.keywords)
    return bound


def pools(attach: Callable[..., object]) -> bool:
    """Return whether a head sees the mean of the features over height and width, and no more.

    Args:
        attach: The head's function, or a partial of it with its options.
    """
    return getattr(_module_of(attach), _POOLS, False) is True


def _module_of(attach: Callable[..., object]) -> ModuleType:
    function = attach.func if isinstance(attach, functools.partial) else attach
    return sys.modules[function.__module__]
