"""Stored ImageNet weights know five photographs, as the .tflite of the same network does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from coralexp.backbones import convnet, efficientnet_lite0, mobilenetv1, mobilenetv2
from coralexp.errors import ModelFileError, WeightsError
from coralexp.tflite.weights import read_constants

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf

PHOTOGRAPHS = ("cat.bmp", "hot_dog.jpg", "parrot.jpg", "sunflower.bmp", "owl.jpg")
# ImageNet has neither sunflowers nor this owl: daisy and ruffed grouse are what every network of
# width 1 here answers, Coral's own files included.
ANSWERS = ("Egyptian cat", "hotdog", "macaw", "daisy", "ruffed grouse")


def pixels(shared: Path, name: str, side_px: int) -> np.ndarray:
    """Return a photograph: uint8 `[1, side, side, 3]`."""
    image = Image.open(shared / "images" / name).convert("RGB")
    return np.asarray(image.resize((side_px, side_px), Image.Resampling.BILINEAR))[None]


def features(model, image: np.ndarray) -> np.ndarray:
    """Return the mean features of one image of pixels."""
    return model(image.astype(np.float32) / 127.5 - 1, training=False).numpy().mean((0, 1, 2))


@pytest.mark.parametrize(
    ("backbone", "file", "width", "side_px"),
    [
        (mobilenetv2, "tf2_mobilenet_v2_1.0_224_ptq.tflite", 1.0, 224),
        (mobilenetv2, "mobilenet_v2_1.0_224_quant.tflite", 1.0, 224),
        (mobilenetv1, "mobilenet_v1_0.25_128_quant.tflite", 0.25, 128),
        (mobilenetv1, "mobilenet_v1_0.75_192_quant.tflite", 0.75, 192),
    ],
)
def test_dequantized_network_answers_as_the_file(
    backbone, file, width, side_px, shared: Path
) -> None:
    from ai_edge_litert.interpreter import Interpreter

    path = shared / "edgetpu" / "models" / file
    model = backbone.build((side_px, side_px, 3), width=width, weights=str(path))
    last = read_constants(path).layers[-1]
    interpreter = Interpreter(str(path))
    interpreter.allocate_tensors()
    answers = []
    for name in PHOTOGRAPHS:
        image = pixels(shared, name, side_px)
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], image)
        interpreter.invoke()
        theirs = interpreter.get_tensor(interpreter.get_output_details()[0]["index"]).argmax()
        ours = (features(model, image) @ last.kernel[0, 0] + last.bias).argmax()
        answers.append((name, int(ours), int(theirs)))

    assert [ours for _, ours, _ in answers] == [theirs for _, _, theirs in answers], answers
    if side_px == 224:
        labels = (shared / "images" / "imagenet_labels.txt").read_text().splitlines()
        for (_, ours, _), expected in zip(answers, ANSWERS, strict=True):
            assert labels[ours].startswith(expected)


def test_efficientnet_lite0_knows_the_photographs(shared: Path) -> None:
    from coralexp.backbones.weights import lite0

    labels = (shared / "images" / "imagenet_labels.txt").read_text().splitlines()[1:]
    model = efficientnet_lite0.build((224, 224, 3), weights="imagenet")
    kernel, bias = lite0.read_classifier()

    for name, expected in zip(PHOTOGRAPHS, ANSWERS, strict=True):
        logits = features(model, pixels(shared, name, 224)) @ kernel + bias
        assert labels[logits.argmax()].startswith(expected), name


def test_efficientnet_lite0_folds_the_scaling_of_pixels() -> None:
    from coralexp.backbones.weights import lite0
    from coralexp.backbones.weights.torch_file import read_tensors
    from coralexp.tf_runtime import keras, tf

    tensors = read_tensors(lite0.find_file())
    image = np.random.default_rng(0).integers(0, 256, (1, 64, 64, 3)).astype(np.float32)
    kernel = tensors["_conv_stem.weight"].transpose(2, 3, 1, 0)
    original = tf.nn.conv2d((image - 127) / 128, kernel, 2, "SAME").numpy()
    gamma, beta, mean, variance = (
        tensors[f"_bn0.{role}"] for role in ("weight", "bias", "running_mean", "running_var")
    )
    original = np.clip((original - mean) / np.sqrt(variance + 1e-3) * gamma + beta, 0, 6)

    model = efficientnet_lite0.build((64, 64, 3), weights="imagenet")
    stem = keras.Model(model.input, model.get_layer("stem_relu").output)
    ours = stem(image / 127.5 - 1, training=False).numpy()

    np.testing.assert_allclose(ours[:, :-1, :-1], original[:, :-1, :-1], atol=2e-5)
    np.testing.assert_allclose(ours, original, atol=0.2)  # at the border


def test_folded_normalization_only_adds_its_bias(shared: Path) -> None:
    path = shared / "edgetpu" / "models" / "mobilenet_v2_1.0_224_quant.tflite"
    model = mobilenetv2.build((32, 32, 3), width=1.0, weights=str(path))
    layer = model.get_layer("bn_Conv1")
    x = np.random.default_rng(0).normal(size=(2, 4, 4, 32)).astype(np.float32)

    for training in (False, True):
        np.testing.assert_array_equal(layer(x, training=training).numpy(), x + layer.beta.numpy())


def test_another_width_names_the_first_tensor_that_does_not_fit(shared: Path) -> None:
    path = shared / "edgetpu" / "models" / "mobilenet_v2_1.0_224_quant.tflite"

    with pytest.raises(
        WeightsError,
        match=r"tensor 'MobilenetV2/Conv/.*\[3, 3, 3, 32\], but layer 'Conv1' needs .*16\]",
    ):
        mobilenetv2.build((96, 96, 3), width=0.35, weights=str(path))


def test_a_compiled_file_is_refused_with_the_reason(shared: Path) -> None:
    path = shared / "edgetpu" / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"

    with pytest.raises(ModelFileError, match="compiled for the Edge TPU"):
        mobilenetv1.build((128, 128, 3), width=0.25, weights=str(path))


def test_a_float_file_of_this_project_gives_its_weights_back(tmp_path: Path) -> None:
    from coralexp.heads import linear
    from coralexp.tf_runtime import keras, tf

    backbone = convnet.build((16, 16, 1), filters=(4, 8))
    random = np.random.default_rng(2)
    backbone.set_weights(
        [random.uniform(0.2, 0.9, x.shape).astype(np.float32) for x in backbone.get_weights()]
    )
    model = keras.Model(backbone.input, linear.attach(backbone.output, 3))
    for name, optimizations in (("float", []), ("float16", [tf.lite.Optimize.DEFAULT])):
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        converter.optimizations = optimizations
        if optimizations:
            converter.target_spec.supported_types = [tf.float16]
        path = tmp_path / f"{name}.tflite"
        path.write_bytes(converter.convert())

        again = convnet.build((16, 16, 1), filters=(4, 8), weights=str(path))

        image = random.uniform(-1, 1, (1, 16, 16, 1)).astype(np.float32)
        tolerance = 1e-4 if name == "float" else 1e-2
        np.testing.assert_allclose(
            again(image).numpy(), backbone(image).numpy(), rtol=tolerance, atol=tolerance
        )
