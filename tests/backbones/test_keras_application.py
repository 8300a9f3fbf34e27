"""The networks of keras.applications answer as they do there, from our images, to the border."""

from __future__ import annotations

import importlib
import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.backbones import keras_application
from coralexp.errors import OptionError, WeightsError

if TYPE_CHECKING:
    from pathlib import Path

NETWORKS = {  # choice: name in keras.applications, module of its preprocessing, side in px
    "vgg16": ("VGG16", "vgg16", 40),
    "vgg19": ("VGG19", "vgg19", 32),
    "resnet50": ("ResNet50", "resnet50", 40),
    "resnet50v2": ("ResNet50V2", "resnet_v2", 32),
    "densenet121": ("DenseNet121", "densenet", 40),
    "inceptionv3": ("InceptionV3", "inception_v3", 75),
    "inceptionresnetv2": ("InceptionResNetV2", "inception_resnet_v2", 75),
    "xception": ("Xception", "xception", 71),
    "nasnetmobile": ("NASNetMobile", "nasnet", 32),
    "efficientnetb0": ("EfficientNetB0", "efficientnet", 40),
    "mobilenetv3small": ("MobileNetV3Small", None, 40),
    "mobilenetv3large": ("MobileNetV3Large", None, 32),
}
QUICK = {"vgg16", "efficientnetb0"}
SWITCH = "CORALEXP_EVERY_NETWORK"
MEAN, DEVIATION = np.float32([0.485, 0.456, 0.406]), np.float32([0.229, 0.224, 0.225])


def module(choice: str):
    return importlib.import_module(f"coralexp.backbones.{choice}")


@pytest.mark.parametrize("choice", NETWORKS)
def test_a_side_below_the_least_names_the_least(choice: str) -> None:
    least_px = getattr(module(choice), "APPLICATION", module(choice))
    least_px = getattr(least_px, "least_px", getattr(least_px, "LEAST_PX", None))

    with pytest.raises(ValueError, match=rf"{choice} .* {least_px} px or more; got 20 x 20"):
        module(choice).build((20, 20, 3))


@pytest.mark.parametrize("choice", NETWORKS)
def test_weights_that_cannot_be_are_refused(choice: str, tmp_path: Path) -> None:
    (tmp_path / "quantized.tflite").touch()

    with pytest.raises(OptionError, match="trained on 3 channels; these images have 1"):
        module(choice).build((96, 96, 1), weights="imagenet")
    with pytest.raises(OptionError, match=r"layers of .* cannot be told apart"):
        module(choice).build((96, 96, 3), weights=str(tmp_path / "quantized.tflite"))
    with pytest.raises(OptionError, match="no such file"):
        module(choice).build((96, 96, 3), weights=str(tmp_path / "owl.h5"))


def test_minimalistic_imagenet_weights_exist_for_width_1_alone() -> None:
    with pytest.raises(OptionError, match=r"exists for width 1\.0, not for 0\.75"):
        module("mobilenetv3small").build(
            (96, 96, 3), width=0.75, minimalistic=True, weights="imagenet"
        )


@pytest.mark.parametrize("expects", ["tf", "caffe", "torch"])
def test_preprocessing_is_that_of_keras(expects) -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (5, 3)).astype(np.float64)
    expected = {
        "tf": pixels / 127.5 - 1,
        "caffe": pixels[:, ::-1] - [103.939, 116.779, 123.68],
        "torch": (pixels / 255 - MEAN) / DEVIATION,
    }[expects]

    kernel, bias = keras_application.preprocessing(expects=expects)

    assert kernel.shape == (1, 1, 3, 3)
    found = (pixels / 127.5 - 1) @ kernel[0, 0] + bias
    np.testing.assert_allclose(found, expected, atol=2e-5)


def drawn(choice: str):
    """Return the network of Keras with weights that no two layers share."""
    from coralexp.tf_runtime import keras

    name, _, side_px = NETWORKS[choice]
    ours = {} if NETWORKS[choice][1] else {"include_preprocessing": False}
    theirs = getattr(keras.applications, name)(
        input_shape=(side_px, side_px, 3), include_top=False, weights=None, **ours
    )
    draw = np.random.default_rng(0)
    for layer in theirs.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.5, 1.5, w.shape) for w in layer.get_weights()])
        elif isinstance(layer, keras.layers.Normalization):  # what Keras' own file holds
            layer.set_weights([MEAN, DEVIATION**2, np.int64(0)])
            layer.finalize_state()
    return theirs


@pytest.mark.tf
@pytest.mark.parametrize("choice", NETWORKS)
def test_features_are_those_of_keras_and_so_are_those_of_our_own_file(
    choice: str, tmp_path: Path
) -> None:
    if choice not in QUICK and not os.environ.get(SWITCH):
        pytest.skip(f"takes 5 s or more; set {SWITCH}=1")
    from coralexp.tf_runtime import keras

    keras.utils.set_random_seed(1)
    theirs = drawn(choice)
    theirs.save_weights(tmp_path / "theirs.h5")
    side_px = NETWORKS[choice][2]
    pixels = np.random.default_rng(1).integers(0, 256, (2, side_px, side_px, 3)).astype(np.float32)
    images = pixels / np.float32(127.5) - 1
    fed = images
    if NETWORKS[choice][1]:
        applications = getattr(keras.applications, NETWORKS[choice][1])
        fed = applications.preprocess_input(pixels.copy())
    expected = theirs(fed, training=False).numpy()

    model = module(choice).build((side_px, side_px, 3), weights=str(tmp_path / "theirs.h5"))
    found = model(images, training=False).numpy()
    model.save_weights(tmp_path / "ours.h5")
    again = module(choice).build((side_px, side_px, 3), weights=str(tmp_path / "ours.h5"))

    assert np.abs(found - expected).max() <= 1e-5 * np.abs(expected).max()
    assert np.array_equal(again(images, training=False).numpy(), found)
    assert [layer.name for layer in again.layers] == [layer.name for layer in model.layers]


@pytest.mark.tf
def test_from_scratch_the_image_is_handed_on_and_nothing_trains_that() -> None:
    model = module("vgg16").build((32, 32, 1))
    layer = model.get_layer(keras_application.PREPROCESS)

    kernel, bias = layer.get_weights()
    assert (kernel.ravel(), bias) == (1, 0)
    assert layer.trainable_weights == []


@pytest.mark.tf
def test_the_first_layers_take_their_weights_from_a_file_of_the_whole_or_of_them(
    tmp_path: Path,
) -> None:
    from coralexp.tf_runtime import keras

    whole = keras.applications.VGG16(input_shape=(32, 32, 3), include_top=False, weights=None)
    whole.save_weights(tmp_path / "whole.h5")
    cut = module("vgg16").build(
        (32, 32, 3), weights=str(tmp_path / "whole.h5"), cut_at="block2_pool"
    )
    cut.save_weights(tmp_path / "cut.h5")
    again = module("vgg16").build(
        (64, 64, 3), weights=str(tmp_path / "cut.h5"), cut_at="block2_pool"
    )

    assert cut.output_shape == (None, 8, 8, 128)
    assert again.output_shape == (None, 16, 16, 128)
    for model in (cut, again):
        kept = model.get_layer("block2_conv2").get_weights()[0]
        assert np.array_equal(kept, whole.get_layer("block2_conv2").get_weights()[0])
    with pytest.raises(WeightsError, match="has no weights for layer"):
        module("vgg16").build((32, 32, 3), weights=str(tmp_path / "cut.h5"))
