"""A trained model in another format of Keras: no stage of a run, but work for TensorFlow too."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from coralexp.stages.classifier import classifier, take_weights
from coralexp.training.freezing import freeze_as_trained

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.backbones.contract import BuildBackbone
    from coralexp.heads.contract import AttachHead
    from coralexp.quant.contract import FineTuning
    from coralexp.tf_runtime import keras
    from coralexp.training.contract import Recipe

_FORMATS = {".keras": "keras", ".h5": "h5"}


def export_keras(
    source: Path,
    to: Path,
    build_backbone: BuildBackbone,
    attach_head: AttachHead,
    image_shape: tuple[int, int, int],
    *,
    classes: int,
    recipe: Recipe,
    tuning: FineTuning | None,
) -> None:
    """Write a model as a `.keras` or `.h5` file, or as a SavedModel with its variables.

    Args:
        source: `model.h5` of a `train` or `qat` entry: its numbers are read, and nothing else.
        to: File to write, its name ending in `.keras` or `.h5`; any other name is a SavedModel's
            folder, which takes any batch.
        build_backbone: Pixels to features.
        attach_head: Features to probabilities.
        image_shape: Height and width in pixels, and channels.
        classes: How many.
        recipe: Of the training: says what learned.
        tuning: How the model of a `qat` entry was prepared; None for one of `train`.

    Raises:
        WeightsError: If the numbers are those of another network.
    """
    freeze = partial(freeze_as_trained, recipe=recipe)
    model = classifier(build_backbone, attach_head, image_shape, classes, freeze).model
    if tuning is not None:
        from coralexp.tf_runtime import tfmot

        prepared = _untold(tuning.prepare(model, np.zeros((1, *image_shape), np.float32)))
        with tfmot.quantization.keras.quantize_scope():
            # Made anew from its own description, as whoever loads the file will make it: a layer
            # of tfmot has other variables when it was prepared than when it was described.
            model = type(prepared).from_config(prepared.get_config())
    take_weights(model, source)
    _untold(model).save(to, save_format=_FORMATS.get(to.suffix, "tf"))


def _untold(model: keras.Model) -> keras.Model:
    """Have the layers not tell how they were built, and return their model.

    Told it, a layer of tfmot that is read from a .keras file builds its variables twice, and the
    file cannot be loaded. Untold, it is built when it is called.
    """
    for layer in model.layers:
        layer.get_build_config = _nothing
    return model


def _nothing() -> None:
    """Return nothing where Keras asks for a shape."""
