"""What cannot be converted is refused in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.examples import INDEX_FILE, DatasetIndex
from coralexp.errors import ConversionError, StoreError
from coralexp.quant import none, ptq
from coralexp.quant.contract import QuantizationMode
from coralexp.stages.convert import convert_model

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    folder = tmp_path / "dataset"
    for split in ("train", "validation", "test"):
        (folder / split).mkdir(parents=True)
        np.save(folder / split / "images.npy", np.full((4, 8, 8, 1), 100, np.uint8))
        np.save(folder / split / "labels.npy", np.array([0, 1, 0, 1]))
    counts = dict.fromkeys(("train", "validation", "test"), 4)
    index = DatasetIndex(("Äpfel", "𓀀"), (8, 8, 1), "", counts)
    (folder / INDEX_FILE).write_text(index.to_json(), encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Entry whose model is one convolution and a softmax."""
    from coralexp.tf_runtime import tf

    entry = tmp_path_factory.mktemp("trained")
    kernel = tf.constant(np.linspace(-1, 1, 18).reshape(3, 3, 1, 2).astype(np.float32))
    signature = [tf.TensorSpec((1, 8, 8, 1), tf.float32, name="image")]

    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        features = tf.reduce_mean(tf.nn.conv2d(image, kernel, 1, "SAME"), [1, 2])
        return {"probabilities": tf.nn.softmax(features)}

    module = tf.Module()
    module.serve = tf.function(serve, input_signature=signature)
    tf.saved_model.save(module, str(entry / "saved_model"), signatures=module.serve)
    return entry


def test_too_few_calibration_images_are_all_taken_and_told(
    dataset: Path, trained: Path, tmp_path: Path
) -> None:
    convert_model(dataset, trained, ptq.plan(calibration_images=5), tmp_path, seed=1)

    tags = json.loads((tmp_path / "tags.json").read_text())
    assert tags["calibration"] == "all 4 training images; 5 were asked for"
    assert json.loads((tmp_path / "metrics.json").read_text())["calibration_images"] == 4


def test_class_names_may_be_of_any_script(dataset: Path, trained: Path, tmp_path: Path) -> None:
    convert_model(dataset, trained, none.plan(), tmp_path, seed=1)

    assert (tmp_path / "labels.txt").read_text("utf-8") == "Äpfel\n𓀀\n"


def test_a_mode_that_breaks_its_promise_is_caught(
    dataset: Path, trained: Path, tmp_path: Path
) -> None:
    boastful = QuantizationMode(lambda converter, images: None, 0, integer_only=True)

    with pytest.raises(ConversionError, match=r"not of integers, .*Edge TPU .*\(float32\)"):
        convert_model(dataset, trained, boastful, tmp_path, seed=1)


def test_pixels_that_would_be_read_wrongly_are_caught(
    dataset: Path, trained: Path, tmp_path: Path
) -> None:
    def half_the_range(converter, images) -> None:
        ptq.plan(calibration_images=1).configure(converter, images)
        converter.representative_dataset = lambda: iter(
            [[images[:1] * 0 + value] for value in (0, 0.5)]
        )

    careless = QuantizationMode(half_the_range, 1, integer_only=True)

    with pytest.raises(ConversionError, match=r"scale is 0\.\d+ instead of 2/255"):
        convert_model(dataset, trained, careless, tmp_path, seed=1)


def test_what_the_converter_refuses_is_told_in_one_line(
    dataset: Path, trained: Path, tmp_path: Path
) -> None:
    def without_data(converter, images) -> None:
        ptq.plan(calibration_images=1).configure(converter, images)
        converter.representative_dataset = None

    mode = QuantizationMode(without_data, 1, integer_only=True)

    with pytest.raises(ConversionError, match=r"converter refused the model: [^\n]+$"):
        convert_model(dataset, trained, mode, tmp_path, seed=1)


def test_a_damaged_dataset_is_named(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="to have it made again"):
        convert_model(tmp_path, trained, ptq.plan(), tmp_path, seed=1)
