"""One small network, converted once for each mode."""

from __future__ import annotations

import json
import warnings
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.examples import INDEX_FILE, DatasetIndex
from coralexp.artifacts.tflite_model import TfliteModel, read_model
from coralexp.quant import dynamic, float16, int16x8, none, ptq, ptq_ai_edge, qat
from coralexp.stages.convert import convert_model
from coralexp.stages.trained import save_trained
from coralexp.training.watch import History

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.quant.contract import QuantizationMode

SIDE_PX = 16
CLASSES = ("one", "two", "three")
MODES = {
    "none": none.plan(),
    "dynamic": dynamic.plan(),
    "for_size": dynamic.plan(optimize_for="size"),
    "for_latency": dynamic.plan(optimize_for="latency"),
    "float16": float16.plan(),
    "int16x8": int16x8.plan(calibration_images=8),
    "ptq": ptq.plan(calibration_images=8),
    "ptq_int8": ptq.plan(calibration_images=8, io="int8"),
    "ptq_per_tensor": ptq.plan(calibration_images=8, per_channel=False),
    "ptq_ai_edge": ptq_ai_edge.plan(calibration_images=8),
    "qat": qat.plan(),
    "qat_int8": qat.plan(io="int8"),
}


def write_noise(folder: Path, image_shape: tuple[int, int, int], images: int = 16) -> Path:
    """Write an entry of the stage `dataset` that holds dim noise."""
    generator = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        (folder / split).mkdir(parents=True)
        pixels = generator.integers(40, 200, (images, *image_shape), np.uint8)
        np.save(folder / split / "images.npy", pixels)
        np.save(folder / split / "labels.npy", np.arange(images) % len(CLASSES))
    counts = dict.fromkeys(("train", "validation", "test"), images)
    index = DatasetIndex(CLASSES, image_shape, "", counts)
    (folder / INDEX_FILE).write_text(index.to_json(), encoding="utf-8")
    return folder


def save(model: object, folder: Path, stage: str) -> Path:
    """Write an entry of the stage `train` or `qat`."""
    folder.mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras would rather write .keras
        save_trained(
            model, folder, history=History(images=16), metrics={}, extractor={"image"}, stage=stage
        )
    return folder


def small_network():
    """Return a network of the operators that MobileNets are made of, its weights random."""
    from coralexp.tf_runtime import keras

    layers = keras.layers
    keras.utils.set_random_seed(7)
    image = keras.Input((SIDE_PX, SIDE_PX, 1), name="image")
    x = layers.Conv2D(16, 3, strides=2, padding="same", use_bias=False)(image)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.DepthwiseConv2D(3, padding="same", use_bias=False)(x)
    x = layers.BatchNormalization()(x)
    x = layers.ReLU(6.0)(x)
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(len(CLASSES), activation="softmax")(x))


@pytest.fixture(scope="session")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_noise(tmp_path_factory.mktemp("dataset"), (SIDE_PX, SIDE_PX, 1))


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory, noise: Path) -> dict[str, Path]:
    """Folders as the stages `train` and `qat` leave them."""
    root = tmp_path_factory.mktemp("trained")
    model = small_network()
    pixels = np.load(noise / "train" / "images.npy").astype(np.float32) / 127.5 - 1
    tuning = MODES["qat"].fine_tuning
    assert tuning is not None
    prepared = tuning.prepare(model, pixels)
    tuning.finish(prepared)
    return {
        "train": save(model, root / "train", "train"),
        "qat": save(prepared, root / "qat", "qat"),
    }


@pytest.fixture(scope="session")
def convert(
    tmp_path_factory: pytest.TempPathFactory, noise: Path, trained: dict[str, Path]
) -> Callable[[str], TfliteModel]:
    """Give the small network in a mode of `MODES`."""
    made: dict[str, TfliteModel] = {}

    def model(name: str) -> TfliteModel:
        if name not in made:
            mode: QuantizationMode = MODES[name]
            entry = trained["qat" if mode.fine_tuning else "train"]
            folder = tmp_path_factory.mktemp(name)
            convert_model(noise, entry, mode, folder, seed=1)
            made[name] = read_model(folder)
            assert json.loads((folder / "metrics.json").read_text())
        return made[name]

    return model


@pytest.fixture(scope="session")
def sizes(tmp_path_factory: pytest.TempPathFactory) -> Callable[[float], dict[str, int]]:
    """Give the bytes of MobileNetV2 of a width at 96 px, by mode."""

    def of_width(width: float) -> dict[str, int]:
        from coralexp.backbones import mobilenetv2
        from coralexp.heads import linear
        from coralexp.tf_runtime import keras

        shape = (96, 96, 3)
        dataset = write_noise(tmp_path_factory.mktemp("dataset"), shape, images=4)
        backbone = mobilenetv2.build(shape, width=width)
        model = keras.Model(backbone.input, linear.attach(backbone.output, 20), name="classifier")
        draw = np.random.default_rng(0)  # fresh biases are all 0, and are stored once
        for layer in model.layers:
            if isinstance(layer, keras.layers.BatchNormalization):
                layer.set_weights([draw.uniform(0.5, 1, w.shape) for w in layer.get_weights()])
        entry = save(model, tmp_path_factory.mktemp("mobilenetv2") / "train", "train")
        bytes_of = {}
        for name, mode in {"none": none.plan(), "ptq": ptq.plan(calibration_images=2)}.items():
            folder = tmp_path_factory.mktemp(name)
            convert_model(dataset, entry, mode, folder, seed=1)
            bytes_of[name] = read_model(folder).size_bytes
        return bytes_of

    return of_width
