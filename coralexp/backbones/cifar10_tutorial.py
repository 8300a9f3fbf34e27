"""The network of TensorFlow's first tutorial on CIFAR-10, up to its dense layers.

Krizhevsky's cuda-convnet, as the tutorial simplified it
(https://github.com/tensorflow/models/tree/v1.11/tutorials/image/cifar10): its two dense layers are
the head `cifar10_tutorial`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from coralexp.backbones.limits import require_least
from coralexp.backbones.weights.source import IMAGENET, refuse_tflite, require_file
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.tf_runtime import keras, tf

VERSION = 1
LEAST_PX = 4
NOT_ON_THE_EDGE_TPU = {
    "LOCAL_RESPONSE_NORMALIZATION": "has no integer form; normalization=batch folds into the "
    "convolutions",
    "DEQUANTIZE": "stands before each of them",
    "QUANTIZE": "stands behind each of them",
}
_CHANNELS = 64
_KERNEL_PX = 5
_MOMENTUM = 0.9  # 0.99, the default, follows fresh weights too slowly for a few hundred steps
# `tf.nn.lrn(x, 4, bias=1.0, alpha=0.001 / 9.0, beta=0.75)` of the tutorial's `inference`.
_DEPTH_RADIUS = 4
_BIAS = 1.0
_ALPHA = 0.001 / 9.0
_BETA = 0.75

Normalization = Literal["lrn", "batch", "none"]


def build(
    input_shape: tuple[int, int, int],
    *,
    normalization: Normalization = "lrn",
    weights: str | None = None,
) -> keras.Model:
    """Build the feature extractor: convolution, pooling, norm; convolution, norm, pooling.

    Args:
        input_shape: Height and width in pixels, 4 or more (the tutorial crops to 24), and channels:
            `(H, W, C)`.
        normalization: `lrn`, local response normalization, is the tutorial's; it has no integer
            form, so that all behind the first runs on the processor, and fine-tuning with fake
            quantization is refused. `batch` puts batch normalization between each convolution and
            its ReLU, where it folds into the convolution. `none` has neither.
        weights: None starts from scratch; else the path of an .h5, .keras or .tflite file or of a
            SavedModel's folder, of the same network.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/4, W/4, 64]`, rounded up.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If there are no such weights.
        ValueError: If a side is below 4 px.
        WeightsError: If the weights cannot be read or do not fit.
    """
    require_least("cifar10_tutorial", input_shape, LEAST_PX)
    if weights == IMAGENET:
        text = f"{IMAGENET} does not exist for cifar10_tutorial; write weights=null"
        raise OptionError("weights", text)
    if weights is not None:
        require_file(weights)
        if normalization != "batch":
            refuse_tflite(weights, "cifar10_tutorial without batch normalization")

    from coralexp.backbones.layer_names import renumbered
    from coralexp.backbones.weights import load
    from coralexp.tf_runtime import keras

    image = keras.Input(input_shape, name="image")
    x = _convolve(image, 1, normalization)
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool1")(x)
    if normalization == "lrn":
        x = _respond_locally(x, "norm1")
    x = _convolve(x, 2, normalization)
    if normalization == "lrn":
        x = _respond_locally(x, "norm2")
    x = keras.layers.MaxPooling2D(3, 2, padding="same", name="pool2")(x)
    model = renumbered(keras.Model(image, x, name="cifar10_tutorial"))
    if weights is not None:
        load.load(model, weights)
    return model


def unfit_for_fine_tuning(options: Mapping[str, object]) -> str | None:
    """Return why these options cannot be trained with fake quantization; None if they can."""
    if options.get("normalization") == "lrn":
        return "local response normalization has no integer form: write normalization=batch"
    return None


def _convolve(x: tf.Tensor, number: int, normalization: Normalization) -> tf.Tensor:
    from coralexp.tf_runtime import keras

    x = keras.layers.Conv2D(
        _CHANNELS,
        _KERNEL_PX,
        padding="same",
        use_bias=normalization != "batch",
        name=f"conv{number}",
    )(x)
    if normalization == "batch":
        x = keras.layers.BatchNormalization(momentum=_MOMENTUM, name=f"norm{number}")(x)
    return keras.layers.ReLU(name=f"relu{number}")(x)


def _respond_locally(x: tf.Tensor, name: str) -> tf.Tensor:
    """Divide by what the neighbouring channels hold at the same place (Krizhevsky et al., 2012)."""
    from coralexp.tf_runtime import tf

    return tf.nn.local_response_normalization(
        x, _DEPTH_RADIUS, bias=_BIAS, alpha=_ALPHA, beta=_BETA, name=name
    )
