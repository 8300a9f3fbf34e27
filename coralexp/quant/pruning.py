"""Pruning by magnitude (tfmot): the smallest weights of each layer become 0, and stay so.

Zhu and Gupta, 2017, https://arxiv.org/abs/1710.01878. Depthwise kernels are left alone, as tfmot
does: they are few, and each carries a channel. A file of many zeros is as large as before, and
smaller when packed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coralexp.errors import OptionError
from coralexp.quant.contract import FineTuning, Images
from coralexp.quant.fine_tuning_limits import refuse_fine_tuning

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.tf_runtime import keras

VERSION = 1
_STEPS_BETWEEN = 8  # choosing anew what is zero; each time all weights are sorted


def pruning(sparsity: float, epochs: int, learning_rate: float) -> FineTuning:
    """Return the fine-tuning that keeps a share of each layer's weights at 0.

    Args:
        sparsity: That share, in (0, 1).
        epochs: Passes over the training split, at least 1.
        learning_rate: Step size of the optimizer, per step, above 0.

    Raises:
        OptionError: If one is out of its range.
    """
    if not 0 < sparsity < 1:
        raise OptionError("sparsity", f"is a share in (0, 1); got {sparsity}")
    refuse_fine_tuning(epochs, learning_rate)
    return FineTuning(
        prepare=partial(_prepare, sparsity=sparsity),
        calibration_images=0,
        finish=_strip,
        epochs=epochs,
        learning_rate=learning_rate,
        options={"method": "pruning", "sparsity": sparsity},
        version=VERSION,
        callbacks=_callbacks,
    )


def _prepare(model: keras.Model, images: Images, *, sparsity: float) -> keras.Model:
    from coralexp.tf_runtime import tfmot

    schedule = tfmot.sparsity.keras.ConstantSparsity(sparsity, 0, frequency=_STEPS_BETWEEN)
    return tfmot.sparsity.keras.prune_low_magnitude(model, pruning_schedule=schedule)


def _callbacks() -> Sequence[keras.callbacks.Callback]:
    from coralexp.tf_runtime import tfmot

    return [tfmot.sparsity.keras.UpdatePruningStep()]


def _strip(model: keras.Model) -> keras.Model:
    from coralexp.tf_runtime import tfmot

    return tfmot.sparsity.keras.strip_pruning(model)
