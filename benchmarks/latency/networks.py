"""The networks whose Edge TPU latency is published, made again as int8 .tflite files.

    python benchmarks/latency/networks.py FOLDER [NAME ...]

Time does not depend on the weights' values, so they stay random. Networks of tf_keras.applications
are taken from there; InceptionV1 and V4, EfficientNet-EdgeTPU and the U-Net are written down here
from their papers and public configurations. A network takes 10 to 60 seconds, once.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.tf_runtime import keras, tf  # noqa: TID253 - a script that does nothing else

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Tensor = object

layers = keras.layers
applications = keras.applications


def _unit(
    x: Tensor,
    filters: int,
    kernel: int | tuple[int, int],
    strides: int = 1,
    padding: str = "same",
    *,
    activation: bool = True,
) -> Tensor:
    """Convolution, normalization and ReLU."""
    x = layers.Conv2D(filters, kernel, strides, padding, use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    return layers.ReLU()(x) if activation else x


def _classifier(image: Tensor, x: Tensor, classes: int = 1001) -> keras.Model:
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(classes, activation="softmax")(x))


def inception_v1() -> keras.Model:
    """Szegedy et al., 2014 (arXiv:1409.4842), table 1, without the auxiliary classifiers."""
    image = keras.Input((224, 224, 3))
    x = _unit(image, 64, 7, 2)
    x = layers.MaxPooling2D(3, 2, "same")(x)
    x = _unit(_unit(x, 64, 1), 192, 3)
    x = layers.MaxPooling2D(3, 2, "same")(x)
    rows = [
        (64, 96, 128, 16, 32, 32),
        (128, 128, 192, 32, 96, 64),
        None,
        (192, 96, 208, 16, 48, 64),
        (160, 112, 224, 24, 64, 64),
        (128, 128, 256, 24, 64, 64),
        (112, 144, 288, 32, 64, 64),
        (256, 160, 320, 32, 128, 128),
        None,
        (256, 160, 320, 32, 128, 128),
        (384, 192, 384, 48, 128, 128),
    ]
    for number, row in enumerate(rows):
        if row is None:
            size = 3 if number == 2 else 2
            x = layers.MaxPooling2D(size, 2, "same")(x)
            continue
        one, reduce3, three, reduce5, five, pool = row
        x = layers.Concatenate()(
            [
                _unit(x, one, 1),
                _unit(_unit(x, reduce3, 1), three, 3),
                _unit(_unit(x, reduce5, 1), five, 3),  # 3x3, as in TensorFlow's slim
                _unit(layers.MaxPooling2D(3, 1, "same")(x), pool, 1),
            ]
        )
    return _classifier(image, x)


def inception_v4() -> keras.Model:
    """Szegedy et al., 2016 (arXiv:1602.07261), figures 3 to 9."""
    image = keras.Input((299, 299, 3))
    x = _unit(image, 32, 3, 2, "valid")
    x = _unit(x, 32, 3, 1, "valid")
    x = _unit(x, 64, 3)
    x = layers.Concatenate()([layers.MaxPooling2D(3, 2)(x), _unit(x, 96, 3, 2, "valid")])
    left = _unit(_unit(x, 64, 1), 96, 3, 1, "valid")
    right = _unit(_unit(_unit(x, 64, 1), 64, (1, 7)), 64, (7, 1))
    x = layers.Concatenate()([left, _unit(right, 96, 3, 1, "valid")])
    x = layers.Concatenate()([_unit(x, 192, 3, 2, "valid"), layers.MaxPooling2D(3, 2)(x)])
    for _ in range(4):
        x = layers.Concatenate()(
            [
                _unit(x, 96, 1),
                _unit(_unit(x, 64, 1), 96, 3),
                _unit(_unit(_unit(x, 64, 1), 96, 3), 96, 3),
                _unit(layers.AveragePooling2D(3, 1, "same")(x), 96, 1),
            ]
        )
    tall = _unit(_unit(x, 192, 1), 224, 3)
    x = layers.Concatenate()(
        [
            _unit(x, 384, 3, 2, "valid"),
            _unit(tall, 256, 3, 2, "valid"),
            layers.MaxPooling2D(3, 2)(x),
        ]
    )
    for _ in range(7):
        middle = _unit(_unit(_unit(x, 192, 1), 224, (1, 7)), 256, (7, 1))
        long = _unit(_unit(_unit(x, 192, 1), 192, (7, 1)), 224, (1, 7))
        long = _unit(_unit(long, 224, (7, 1)), 256, (1, 7))
        average = layers.AveragePooling2D(3, 1, "same")(x)
        x = layers.Concatenate()([_unit(x, 384, 1), middle, long, _unit(average, 128, 1)])
    tall = _unit(_unit(_unit(x, 256, 1), 256, (1, 7)), 320, (7, 1))
    x = layers.Concatenate()(
        [
            _unit(_unit(x, 192, 1), 192, 3, 2, "valid"),
            _unit(tall, 320, 3, 2, "valid"),
            layers.MaxPooling2D(3, 2)(x),
        ]
    )
    for _ in range(3):
        middle = _unit(x, 384, 1)
        long = _unit(_unit(_unit(x, 384, 1), 448, (3, 1)), 512, (1, 3))
        x = layers.Concatenate()(
            [
                _unit(x, 256, 1),
                _unit(middle, 256, (1, 3)),
                _unit(middle, 256, (3, 1)),
                _unit(long, 256, (1, 3)),
                _unit(long, 256, (3, 1)),
                _unit(layers.AveragePooling2D(3, 1, "same")(x), 256, 1),
            ]
        )
    return _classifier(image, x)


# Repeats, kernel, stride, expansion, channels out, fused expansion, without residual: the public
# configuration of EfficientNet-EdgeTPU (tensorflow/tpu, efficientnet_edgetpu_builder.py).
_EDGETPU_BLOCKS = [
    (1, 3, 1, 4, 24, True, True),
    (2, 3, 2, 8, 32, True, False),
    (4, 3, 2, 8, 48, True, False),
    (5, 5, 2, 8, 96, False, False),
    (4, 5, 1, 8, 144, False, False),
    (2, 5, 2, 8, 192, False, False),
]


def efficientnet_edgetpu(width: float, depth: float, side: int) -> keras.Model:
    """Gupta and Tan, 2019: EfficientNet with fused blocks, ReLU, no squeeze-and-excitation."""

    def channels(count: float) -> int:
        rounded = max(8, int(count * width + 4) // 8 * 8)
        return rounded + 8 if rounded < 0.9 * count * width else rounded

    image = keras.Input((side, side, 3))
    x = _unit(image, channels(32), 3, 2)
    for repeats, kernel, stride, expansion, out, fused, no_skip in _EDGETPU_BLOCKS:
        for number in range(int(np.ceil(repeats * depth))):
            strides = stride if number == 0 else 1
            start, wide = x, x.shape[-1] * expansion
            if fused:
                x = _unit(x, wide, kernel, strides)
            else:
                x = _unit(x, wide, 1)
                x = layers.DepthwiseConv2D(kernel, strides, "same", use_bias=False)(x)
                x = layers.ReLU()(layers.BatchNormalization()(x))
            x = _unit(x, channels(out), 1, activation=False)
            if not no_skip and strides == 1 and start.shape[-1] == x.shape[-1]:
                x = layers.Add()([x, start])
    x = _unit(x, channels(1280), 1)
    return _classifier(image, x)


def squeezenet() -> keras.Model:
    """Iandola et al., 2016 (arXiv:1602.07360), version 1.0 of table 1."""

    def fire(x: Tensor, squeeze: int, expand: int) -> Tensor:
        x = layers.Conv2D(squeeze, 1, activation="relu")(x)
        return layers.Concatenate()(
            [
                layers.Conv2D(expand, 1, activation="relu")(x),
                layers.Conv2D(expand, 3, padding="same", activation="relu")(x),
            ]
        )

    image = keras.Input((224, 224, 3))
    x = layers.MaxPooling2D(3, 2)(layers.Conv2D(96, 7, 2, activation="relu")(image))
    x = fire(fire(fire(x, 16, 64), 16, 64), 32, 128)
    x = layers.MaxPooling2D(3, 2)(x)
    x = fire(fire(fire(fire(x, 32, 128), 48, 192), 48, 192), 64, 256)
    x = fire(layers.MaxPooling2D(3, 2)(x), 64, 256)
    x = layers.Conv2D(1000, 1, activation="relu")(x)
    return keras.Model(image, layers.Softmax()(layers.GlobalAveragePooling2D()(x)))


def unet() -> keras.Model:
    """The U-Net of TensorFlow's segmentation tutorial: MobileNetV2 down, four steps up."""
    base = applications.MobileNetV2((128, 128, 3), include_top=False, weights=None)
    names = ("block_1", "block_3", "block_6", "block_13")
    skips = [base.get_layer(f"{name}_expand_relu").output for name in names]
    x = base.get_layer("block_16_project").output
    for filters, skip in zip((512, 256, 128, 64), reversed(skips), strict=True):
        x = layers.Conv2DTranspose(filters, 3, 2, "same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
        x = layers.Concatenate()([x, skip])
    return keras.Model(base.input, layers.Conv2DTranspose(3, 3, 2, "same")(x))


def _application(name: str, side: int, **options: object) -> keras.Model:
    return getattr(applications, name)(input_shape=(side, side, 3), weights=None, **options)


NETWORKS: Mapping[str, Callable[[], keras.Model]] = {
    **{
        f"mobilenet_v1_{alpha}_{side}": partial(_application, "MobileNet", side, alpha=alpha)
        for alpha in (0.25, 0.75, 1.0)
        for side in (128, 160, 192, 224)
    },
    "mobilenet_v2_1.0_224": partial(_application, "MobileNetV2", 224),
    "inception_v1_224": inception_v1,
    "inception_v3_299": partial(_application, "InceptionV3", 299),
    "inception_v4_299": inception_v4,
    "inception_resnet_v2_299": partial(_application, "InceptionResNetV2", 299),
    "resnet_50_299": partial(_application, "ResNet50", 299),
    "resnet_50_224": partial(_application, "ResNet50", 224),
    "resnet_50_v2_299": partial(_application, "ResNet50V2", 299),
    "resnet_152_v2_299": partial(_application, "ResNet152V2", 299),
    "squeezenet_224": squeezenet,
    "densenet_121_224": partial(_application, "DenseNet121", 224),
    "vgg16_224": partial(_application, "VGG16", 224),
    "efficientnet_edgetpu_s": partial(efficientnet_edgetpu, 1.0, 1.0, 224),
    "vgg19_224": partial(_application, "VGG19", 224),
    "efficientnet_edgetpu_m": partial(efficientnet_edgetpu, 1.0, 1.1, 240),
    "efficientnet_edgetpu_l": partial(efficientnet_edgetpu, 1.2, 1.4, 300),
    "unet_mobilenet_v2_128": unet,
}


def _unsettle(model: keras.Model) -> None:
    """Give every normalization values of its own: the converter drops the 0 of fresh ones."""
    random = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, layers.BatchNormalization):
            layer.set_weights(
                [random.uniform(0.5, 1.5, value.shape) for value in layer.get_weights()]
            )


def write(name: str, folder: Path) -> Path:
    """Return the int8 file of a network, converting it first if it is not there."""
    path = folder / f"{name}.tflite"
    if path.exists():
        return path
    keras.utils.set_random_seed(0)
    model = NETWORKS[name]()
    _unsettle(model)
    shape = (1, *model.input.shape[1:])
    function = tf.function(lambda image: model(image, training=False))
    concrete = function.get_concrete_function(tf.TensorSpec(shape, tf.float32))
    converter = tf.lite.TFLiteConverter.from_concrete_functions([concrete], model)
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    converter.inference_input_type = converter.inference_output_type = tf.uint8
    converter._experimental_disable_per_channel_quantization_for_dense_layers = True  # noqa: SLF001
    images = np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32)
    converter.representative_dataset = lambda: [[images]]
    folder.mkdir(parents=True, exist_ok=True)
    path.write_bytes(converter.convert())
    return path


if __name__ == "__main__":
    for network in sys.argv[2:] or NETWORKS:
        print(write(network, Path(sys.argv[1])), flush=True)
