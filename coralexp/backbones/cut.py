"""The first layers of a network alone: `cut_at`."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

_FEATURES_RANK = 4
_SHOWN = 5


def cut(model: keras.Model, cut_at: str | None) -> keras.Model:
    """Return the network up to a layer, that one included; the whole of it for None.

    Args:
        model: Of pixels.
        cut_at: Name of the layer; its output must be features, `[N, h, w, F]`.

    Raises:
        OptionError: If there is no such layer, or it gives no features; tells near names.
    """
    if cut_at is None:
        return model
    from coralexp.tf_runtime import keras

    names = [layer.name for layer in model.layers if not isinstance(layer, keras.layers.InputLayer)]
    if cut_at not in names:
        near = difflib.get_close_matches(cut_at, names, n=_SHOWN, cutoff=0.5)
        told = " or ".join(near) if near else f"one of {', '.join(names[-_SHOWN:])} (its last ones)"
        raise OptionError("cut_at", f"{model.name} has no layer {cut_at!r}, did you mean {told}?")
    layer = model.get_layer(cut_at)
    if len(layer.output_shape) != _FEATURES_RANK:
        shape = list(layer.output_shape[1:])
        raise OptionError(
            "cut_at",
            f"layer {cut_at!r} of {model.name} gives {shape} for an image: no features in height, "
            "width and channels; cut at another layer",
        )
    return keras.Model(model.input, layer.output, name=model.name)


def cut_and_load(model: keras.Model, weights: str, cut_at: str | None) -> keras.Model:
    """Return the first layers of a network with the weights of a file of them or of the whole.

    Args:
        model: The whole network, without a head.
        weights: Path that `source.require_file` let pass.
        cut_at: Name of the last layer; None for the whole network.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If there is no such layer, or it gives no features.
        WeightsError: If another file cannot be read, or one does not fit.
    """
    from coralexp.backbones.weights import load

    if Path(weights).suffix.lower() == ".tflite":  # its layers are found by their order alone
        load.load(model, weights)
        return cut(model, cut_at)
    kept = cut(model, cut_at)
    load.load(kept, weights)
    return kept
