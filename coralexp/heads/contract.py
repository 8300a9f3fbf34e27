"""What a head is: features to answers.

A choice of the group `head` names a function of this form, whose options are keyword-only.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from coralexp.tf_runtime import tf


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
