"""What a backbone is: pixels to features.

A choice of the group `backbone` names a function of this form. It refuses impossible arguments
(`OptionError`, or `ValueError` where no single option is at fault) before it imports TensorFlow:
the command calls it for every job with the door to TensorFlow shut, and what is refused there is
told before the first job starts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras


class UnfitForFineTuning(Protocol):
    """Tell what tfmot refuses; a module may have it beside `build`, as `unfit_for_fine_tuning`."""

    def __call__(self, options: Mapping[str, object]) -> str | None:
        """Return why these options cannot be trained with fake quantization; None if they can."""


class BuildBackbone(Protocol):
    """Build a feature extractor; every option of a choice is a keyword-only argument beside it."""

    def __call__(self, input_shape: tuple[int, int, int]) -> keras.Model:
        """Return a functional model, none nested in another.

        Args:
            input_shape: Height and width in pixels, and channels: `(H, W, C)`.

        Returns:
            Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features `[N, h, w, F]`.
        """
