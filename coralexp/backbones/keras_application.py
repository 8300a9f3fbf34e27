"""What the networks of `keras.applications` have in common: built, fed as they expect, cut, filled.

Preprocessing is a layer of the network: `preprocess`, a 1x1 convolution behind the input that no
training changes. Folded into the first convolution it would be wrong at the border: that one pads
with zeros, which stand for the mean colour in front of it, and for half grey once the mean is
folded away, another value in each channel. As a layer it is exact, every other layer keeps the
weights of Keras' files, and whether a file was made with it is seen from the file. A network from
scratch has nothing to expect: its `preprocess` hands the image on.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from coralexp.backbones.limits import require_least
from coralexp.backbones.weights.source import (
    COLOURS,
    IMAGENET,
    refuse_tflite,
    require_file,
    require_imagenet,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.backbones.weights.stored import StoredLayer
    from coralexp.tf_runtime import keras, tf

PREPROCESS = "preprocess"
_MOMENTUM = 0.9  # 0.99 and more, the defaults, follow fresh weights too slowly for some 100 steps
_HALF_RANGE = 127.5  # pixel = 127.5 * (x + 1) for x in [-1, 1]
# `keras.applications.imagenet_utils.preprocess_input`, its modes by their names: `caffe` takes
# pixels in [0, 255], blue first, less the mean; `torch` pixels in [0, 1], red first, less the
# mean, over the deviation; `tf` pixels in [-1, 1], as they come.
_CAFFE_MEAN = (103.939, 116.779, 123.68)
_TORCH_MEAN = (0.485, 0.456, 0.406)
_TORCH_DEVIATION = (0.229, 0.224, 0.225)

Expects = Literal["tf", "caffe", "torch"]


@dataclass(frozen=True)
class Application:
    """A network of `keras.applications`.

    Attributes:
        name: Of its function there.
        least_px: The smallest side that leaves a pixel of features.
        expects: Mode of its preprocessing.
        folder: Of its ImageNet weights on Keras' server.
        file: Name of its ImageNet weights there.
        server: Where that folder is; None for the one of most.
        own_scaling: Names, without number, of layers of its own that preprocess; they are left out.
    """

    name: str
    least_px: int
    expects: Expects
    folder: str
    file: str
    server: str | None = None
    own_scaling: tuple[str, ...] = field(default=())


def require(
    application: Application, backbone: str, input_shape: tuple[int, int, int], weights: str | None
) -> None:
    """Refuse what the network cannot be; told before TensorFlow is imported.

    Args:
        application: The network.
        backbone: Name of the choice, for the text.
        input_shape: `(H, W, C)`.
        weights: As the user gave it.

    Raises:
        OptionError: If there are no such weights.
        ValueError: If a side is too small.
    """
    require_least(backbone, input_shape, application.least_px)
    if weights == IMAGENET:
        require_imagenet(1.0, input_shape[2], (1.0,))
    elif weights is not None:
        require_file(weights)
        refuse_tflite(weights, backbone)


def build(
    application: Application,
    input_shape: tuple[int, int, int],
    *,
    weights: str | None,
    cut_at: str | None,
    options: Mapping[str, object] | None = None,
) -> keras.Model:
    """Build what `require` let pass.

    Args:
        application: The network.
        input_shape: `(H, W, C)`.
        weights: None, `imagenet`, or a path; see `coralexp.backbones.weights.source`.
        cut_at: Name of the last layer that is kept; None for all.
        options: More arguments of its function.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features `[N, h, w, F]`.

    Raises:
        OptionError: If there is no layer to cut at.
        WeightsError: If the weights cannot be had or do not fit.
    """
    from coralexp.backbones.cut import cut
    from coralexp.backbones.weights import load

    model = _network(application, input_shape, dict(options or {}))
    kept = cut(model, cut_at)
    if weights is None:
        load.follow_fresh_weights(kept, _MOMENTUM)
        return kept
    if weights == IMAGENET:
        path, stored = load.read_imagenet(application.folder, application.file, application.server)
    else:
        path, stored = Path(weights), load.read(Path(weights).expanduser())
    _fit(application, model, kept, stored, path)
    return kept


def preprocessing(*, expects: Expects) -> tuple[np.ndarray, np.ndarray]:
    """Return kernel and bias of the 1x1 convolution that turns x in [-1, 1] into what is expected.

    Returns:
        float32 `[1, 1, 3, 3]` and `[3]`.
    """
    if expects == "caffe":
        kernel = _HALF_RANGE * np.eye(COLOURS)[:, ::-1]
        bias = _HALF_RANGE - np.array(_CAFFE_MEAN)
    elif expects == "torch":
        kernel = np.diag(0.5 / np.array(_TORCH_DEVIATION))
        bias = (0.5 - np.array(_TORCH_MEAN)) / np.array(_TORCH_DEVIATION)
    else:
        kernel, bias = np.eye(COLOURS), np.zeros(COLOURS)
    return kernel.astype(np.float32)[None, None], bias.astype(np.float32)


def _network(
    application: Application, input_shape: tuple[int, int, int], options: dict[str, object]
) -> keras.Model:
    from coralexp.backbones.layer_names import renumbered, without
    from coralexp.tf_runtime import keras

    image = keras.Input(input_shape, name="image")
    fed = image if application.expects == "tf" else _preprocess(image)
    model = getattr(keras.applications, application.name)(
        input_shape=input_shape, include_top=False, weights=None, input_tensor=fed, **options
    )
    if application.own_scaling:
        model = without(model, application.own_scaling)
    model = renumbered(model)
    if application.expects != "tf":
        identity = np.eye(input_shape[2], dtype=np.float32)[None, None]
        model.get_layer(PREPROCESS).set_weights([identity, np.zeros(input_shape[2], np.float32)])
    return model


def _preprocess(image: tf.Tensor) -> tf.Tensor:
    from coralexp.tf_runtime import keras

    return keras.layers.Conv2D(image.shape[-1], 1, name=PREPROCESS, trainable=False)(image)


def _fit(
    application: Application,
    model: keras.Model,
    kept: keras.Model,
    stored: Sequence[StoredLayer],
    path: Path,
) -> None:
    """Give the kept layers of a network the weights of a file of them or of the whole.

    A file of ours has each layer by its name. In one of Keras' the layers without a name of their
    own may be numbered from anywhere; Keras itself finds them by their order in the whole network.
    """
    from coralexp.backbones.weights import stored as weights
    from coralexp.tf_runtime import keras

    whole, part = model, kept
    if application.expects != "tf" and not any(map(_is_preprocessing, stored)):
        fed = model.get_layer(PREPROCESS)
        fed.set_weights(preprocessing(expects=application.expects))
        whole, part = (keras.Model(fed.output, each.output) for each in (model, kept))
    known = weights.find_by_name(stored)
    if all(layer.name in known for layer in part.layers if layer.weights):
        weights.fit(part, stored, path)
    elif any(layer.slot for layer in stored):
        weights.fit(whole, stored, path)
    else:
        weights.fit(whole, [replace(layer, name="", path="") for layer in stored], path)


def _is_preprocessing(layer: StoredLayer) -> bool:
    """Return whether weights are those of our own first layer: nothing else has their shape."""
    shapes = [array.shape for array in layer.arrays]
    return len(shapes) == 2 and shapes[0] == (1, 1, *shapes[1], *shapes[1]) and shapes[1] <= (4,)  # noqa: PLR2004 - kernel and bias; channels of an image
