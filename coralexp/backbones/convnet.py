"""A plain stack of convolutions for small pictures, such as digits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.backbones.limits import require_least, require_width
from coralexp.backbones.weights.source import IMAGENET, require_file
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

VERSION = 1
_MOMENTUM = 0.9  # 0.99, the default, follows fresh weights too slowly for a few hundred steps


def build(
    input_shape: tuple[int, int, int],
    *,
    filters: tuple[int, ...] = (32, 64, 128),
    kernel_px: int = 3,
    width: float = 1.0,
    weights: str | None = None,
) -> keras.Model:
    """Build the feature extractor: convolution, normalization, ReLU6, halving, as often as asked.

    Args:
        input_shape: Height and width in pixels, each at least 2 to the number of `filters`, and
            channels: `(H, W, C)`.
        filters: Channels after each convolution, at width 1.
        kernel_px: Side of each convolution's window, 1 or more.
        width: Multiplier of `filters`, rounded down; at most 8.
        weights: None starts from scratch; else the path of an .h5, .keras or .tflite file or of a
            SavedModel's folder, of the same network.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features `[N, h, w, F]`: with
        n filters, h = H / 2^n and w = W / 2^n, rounded down.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If an option is out of range, or there are no such weights.
        ValueError: If a side is too small to be halved so often.
        WeightsError: If the weights cannot be read or do not fit.
    """
    if not filters or min(filters) < 1:
        raise OptionError(
            "filters", f"must be one or more numbers above 0, such as [16,32]; got {filters}"
        )
    if kernel_px < 1:
        raise OptionError("kernel_px", f"must be 1 or more; got {kernel_px}")
    require_width(width, least=1 / min(filters))
    require_least("convnet", input_shape, 2 ** len(filters))
    if weights == IMAGENET:
        raise OptionError("weights", f"{IMAGENET} does not exist for convnet; write weights=null")
    if weights is not None:
        require_file(weights)

    from coralexp.backbones.weights import load
    from coralexp.tf_runtime import keras

    layers = keras.layers
    image = keras.Input(input_shape, name="image")
    x = image
    for number, channels in enumerate(filters, start=1):
        name = f"block{number}"
        x = layers.Conv2D(
            int(channels * width), kernel_px, padding="same", use_bias=False, name=f"{name}_conv"
        )(x)
        x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_bn")(x)
        x = layers.ReLU(6.0, name=f"{name}_relu")(x)
        x = layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    model = keras.Model(image, x, name="convnet")
    if weights is not None:
        load.load(model, weights)
    return model
