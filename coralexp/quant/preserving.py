"""Fake quantization that keeps what pruning or clustering did (tfmot's collaborative schemes)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.quant.fake_quant import begin_ranges

if TYPE_CHECKING:
    from coralexp.quant.contract import Images
    from coralexp.tf_runtime import keras


def prepare(model: keras.Model, images: Images, *, scheme: str) -> keras.Model:
    """Return the model with fake quantization.

    Args:
        model: Pruned or clustered.
        images: Set the ranges to begin with: float32 `[M, H, W, C]` in [-1, 1].
        scheme: Name of a class of `tfmot.experimental.combine`.
    """
    from coralexp.tf_runtime import tfmot

    annotated = tfmot.quantization.keras.quantize_annotate_model(model)
    keeps = getattr(tfmot.experimental.combine, scheme)()
    quantized = tfmot.quantization.keras.quantize_apply(annotated, keeps)
    begin_ranges(model, quantized, images)
    return quantized
