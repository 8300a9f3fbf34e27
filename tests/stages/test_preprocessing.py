"""What the host does to an image is the same wherever the network is trained, judged and used."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from command import call, records
from PIL import Image

from coralexp.artifacts.preprocessing import Preprocessing
from coralexp.artifacts.progress import silent
from coralexp.artifacts.store import Store
from coralexp.artifacts.tflite_model import read_model
from coralexp.stages import features
from coralexp.stages.calibration import calibration_images
from coralexp.tflite.preprocess import preprocess

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf

STEPS = Preprocessing(24, standardize=True)
JOB = (
    "dataset=digits",
    "dataset.side_px=32",
    "dataset.limit=500",
    "backbone=convnet",
    "training=smoke",
    "training.epochs=6",
    "training.learning_rate=0.01",
    "training.standardize=true",
    f"training.window_px={STEPS.window_px}",
    "device=cpu",
)


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which one job was done."""
    folder = tmp_path_factory.mktemp("lab")
    call(folder, *JOB, "quant=ptq")
    return folder


def entry(lab: Path, stage: str) -> Path:
    return Store(lab / ".coralexp").entry_of(records(lab)[0], stage)


def metric(lab: Path, stage: str, name: str) -> float:
    return json.loads((entry(lab, stage) / "metrics.json").read_text())[name]


def test_keras_and_both_files_agree_on_the_same_images(lab: Path) -> None:
    from coralexp.tf_runtime import keras

    model = keras.models.load_model(entry(lab, "train") / "model.h5", compile=False)
    pixels = np.load(entry(lab, "dataset") / "test" / "images.npy")
    expected = model(preprocess(pixels, STEPS) / np.float32(127.5) - 1, training=False).numpy()
    with np.load(entry(lab, "reference") / "predictions.npz") as float_file:
        np.testing.assert_allclose(float_file["probabilities"], expected, atol=1e-5)
        accuracy = float(np.mean(expected.argmax(1) == float_file["labels"]))
    with np.load(entry(lab, "evaluate") / "predictions.npz") as integers:
        np.testing.assert_allclose(integers["probabilities"], expected, atol=0.1)
        assert np.mean(integers["probabilities"].argmax(1) == expected.argmax(1)) > 0.9

    assert metric(lab, "train", "accuracy_float") == pytest.approx(accuracy)
    assert metric(lab, "reference", "accuracy_float_tflite") == pytest.approx(accuracy)
    assert accuracy > 0.3


def test_the_model_declares_it_and_its_input_stays_plain_pixels(lab: Path) -> None:
    contract = read_model(entry(lab, "convert")).input

    assert contract.preprocessing == STEPS
    assert contract.image_shape == (32, 32, 1)
    assert contract.tensor.shape == (1, 24, 24, 1)
    assert (contract.pixel_scale, contract.pixel_offset) == (1.0, 0.0)
    assert contract.tensor.scale == pytest.approx(2 / 255, rel=1e-3)
    assert records(lab)[0].tags["preprocessing"] == STEPS.told


def test_predict_says_of_a_picture_what_the_evaluation_said(lab: Path) -> None:
    images = np.load(entry(lab, "dataset") / "test" / "images.npy")
    for number in range(2):
        Image.fromarray(images[number, :, :, 0]).save(lab / f"{number}.png")
    with np.load(entry(lab, "evaluate") / "predictions.npz") as kept:
        expected = kept["probabilities"][:2]

    told = call(lab, "predict", records(lab)[0].id, "0.png", "1.png", "--top", "10", "--json")

    for line, row in zip(told.splitlines(), expected, strict=True):
        shares = {int(found["label"]): found["probability"] for found in json.loads(line)["labels"]}
        assert [shares[number] for number in range(10)] == pytest.approx(row.tolist())


def test_an_exported_model_comes_with_a_word_about_it(lab: Path) -> None:
    told = call(lab, "export", records(lab)[0].id, "digits.tflite")

    assert "the model takes images that the host has cut to the middle 24 px, standardized" in told


def test_calibration_and_features_see_it_too(
    lab: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from coralexp.tf_runtime import keras

    # Threads can be set in a process of its own alone; nothing here depends on them.
    monkeypatch.setattr(features, "seed_everything", lambda seed, threads: None)

    def pixels_themselves(shape: tuple[int, int, int]) -> keras.Model:
        image = keras.Input(shape)
        return keras.Model(image, keras.layers.Rescaling(127.5, 127.5)(image))

    dataset = entry(lab, "dataset")
    images = preprocess(np.load(dataset / "train" / "images.npy"), STEPS)

    features.write_features(
        dataset, pixels_themselves, tmp_path, seed=1, threads=1, progress=silent, steps=STEPS
    )
    calibration = calibration_images(dataset, 1000, 1, STEPS)

    np.testing.assert_allclose(np.load(tmp_path / "train.npy"), images, atol=1e-3)
    np.testing.assert_allclose(calibration, images / 127.5 - 1, atol=1e-6)
