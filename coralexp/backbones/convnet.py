"""A plain stack of convolutions for small pictures, such as digits."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from coralexp.backbones.limits import require_least, require_share, require_width
from coralexp.backbones.weights.source import IMAGENET, refuse_tflite, require_file
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras, tf

VERSION = 1
_MOMENTUM = 0.9  # 0.99, the default, follows fresh weights too slowly for a few hundred steps
_LARGEST_SIDE_PX = 1 << 14  # a stack that leaves nothing of such an image leaves nothing of any

Pooling = Literal["max", "average", "none", "stride"]
Padding = Literal["same", "valid"]
Normalization = Literal["batch", "none"]


def build(
    input_shape: tuple[int, int, int],
    *,
    filters: tuple[int, ...] = (32, 64, 128),
    kernel_px: int = 3,
    width: float = 1.0,
    convolutions: int = 1,
    pooling: Pooling = "max",
    padding: Padding = "same",
    normalization: Normalization = "batch",
    dropout: float = 0.0,
    weights: str | None = None,
) -> keras.Model:
    """Build the feature extractor: convolution, normalization, ReLU6, halving, as often as asked.

    Args:
        input_shape: Height and width in pixels, each large enough that a pixel is left (with the
            defaults, 2 to the number of `filters`), and channels: `(H, W, C)`.
        filters: Channels of the convolutions of each block, at width 1.
        kernel_px: Side of each convolution's window, 1 or more.
        width: Multiplier of `filters`, rounded down; at most 8.
        convolutions: How many there are in each block, 1 or more.
        pooling: How a block ends: `max` or `average` of windows of 2 x 2, `stride` gives its last
            convolution a stride of 2 instead, `none` keeps the size.
        padding: `same` keeps the size in each convolution, `valid` takes kernel_px - 1 of each
            side.
        normalization: `batch` after each convolution, or `none`, which gives them a bias instead.
        dropout: Share of each block's outputs left out at each training step, in [0, 1).
        weights: None starts from scratch; else the path of an .h5, .keras or .tflite file or of a
            SavedModel's folder, of the same network.

    Returns:
        Model from float32 images `[N, H, W, C]` in [-1, 1] to float32 features `[N, h, w, F]`: with
        n filters and the other defaults, h = H / 2^n and w = W / 2^n, rounded down.

    Raises:
        ModelFileError: If a .tflite file cannot be read.
        OptionError: If an option is out of range, or there are no such weights.
        ValueError: If a side is too small to be halved so often.
        WeightsError: If the weights cannot be read or do not fit.
    """
    _require_stack(filters, kernel_px, convolutions)
    require_width(width, least=1 / min(filters))
    require_share("dropout", dropout)
    least_px = _least_side(len(filters), convolutions, kernel_px, pooling, padding)
    require_least("convnet", input_shape, least_px)
    if weights == IMAGENET:
        raise OptionError("weights", f"{IMAGENET} does not exist for convnet; write weights=null")
    if weights is not None:
        require_file(weights)
        if normalization == "none":
            refuse_tflite(weights, "convnet without normalization")

    from coralexp.backbones.weights import load
    from coralexp.tf_runtime import keras

    layers = keras.layers
    image = keras.Input(input_shape, name="image")
    x = image
    for number, channels in enumerate(filters, start=1):
        name = f"block{number}"
        for place in range(1, convolutions + 1):
            strides = 2 if pooling == "stride" and place == convolutions else 1
            which = f"{place}" if convolutions > 1 else ""
            x = layers.Conv2D(
                int(channels * width),
                kernel_px,
                strides,
                padding=padding,
                use_bias=normalization == "none",
                name=f"{name}_conv{which}",
            )(x)
            if normalization == "batch":
                x = layers.BatchNormalization(momentum=_MOMENTUM, name=f"{name}_bn{which}")(x)
            x = layers.ReLU(6.0, name=f"{name}_relu{which}")(x)
        x = _end_of_block(x, pooling, dropout, name)
    model = keras.Model(image, x, name="convnet")
    if weights is not None:
        load.load(model, weights)
    return model


def _require_stack(filters: tuple[int, ...], kernel_px: int, convolutions: int) -> None:
    if not filters or min(filters) < 1:
        raise OptionError(
            "filters", f"must be one or more numbers above 0, such as [16,32]; got {filters}"
        )
    if kernel_px < 1:
        raise OptionError("kernel_px", f"must be 1 or more; got {kernel_px}")
    if convolutions < 1:
        raise OptionError("convolutions", f"must be 1 or more; got {convolutions}")


def _end_of_block(x: tf.Tensor, pooling: Pooling, dropout: float, name: str) -> tf.Tensor:
    from coralexp.tf_runtime import keras

    if pooling == "max":
        x = keras.layers.MaxPooling2D(2, name=f"{name}_pool")(x)
    elif pooling == "average":
        x = keras.layers.AveragePooling2D(2, name=f"{name}_pool")(x)
    return keras.layers.Dropout(dropout, name=f"{name}_dropout")(x) if dropout else x


def _least_side(
    blocks: int, convolutions: int, kernel_px: int, pooling: Pooling, padding: Padding
) -> int:
    """Return the smallest side of which a pixel is left."""

    def left(side_px: int) -> int:
        for _ in range(blocks):
            for place in range(1, convolutions + 1):
                if padding == "valid":
                    side_px -= kernel_px - 1
                if side_px < 1:
                    return 0
                if pooling == "stride" and place == convolutions:
                    side_px = (side_px + 1) // 2  # both paddings, for valid what is left over
            if pooling in {"max", "average"}:
                side_px //= 2
        return side_px

    return next((side for side in range(1, _LARGEST_SIDE_PX) if left(side)), _LARGEST_SIDE_PX)
