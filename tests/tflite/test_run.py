"""Real classifiers run here, on real photographs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.tflite_model import InputContract, TensorSpec, TfliteModel
from coralexp.errors import ModelFileError
from coralexp.tflite.prepare_input import prepare_input
from coralexp.tflite.run import (
    dequantize,
    interpreter,
    probabilities,
    time_single_images,
)

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Step

SEEN_ON = {
    "cat.bmp": "Egyptian cat",
    "hot_dog.jpg": "hotdog",
    "owl.jpg": "ruffed grouse",  # a mistake of both networks, however the picture is scaled
    "parrot.jpg": "macaw",
    "sunflower.bmp": "daisy",  # ImageNet has no sunflower
}


def stored_model(path: Path) -> TfliteModel:
    """Describe a stored model that takes plain pixels."""
    runner = interpreter(path, threads=1)

    def spec(details: dict) -> TensorSpec:
        scale, zero_point = details["quantization"]
        shape = tuple(int(size) for size in details["shape"])
        return TensorSpec(details["name"], shape, details["dtype"].__name__, scale, zero_point)

    output = spec(runner.get_output_details()[0])
    contract = InputContract(spec(runner.get_input_details()[0]), 1.0, 0.0)
    names = tuple(map(str, range(output.shape[-1])))
    return TfliteModel(path, path.stat().st_size, contract, output, names)


@pytest.fixture(scope="session")
def classifier(shared: Path) -> TfliteModel:
    return stored_model(shared / "edgetpu" / "models" / "tf2_mobilenet_v2_1.0_224_ptq.tflite")


@pytest.fixture(scope="session")
def small_classifier(shared: Path) -> TfliteModel:
    return stored_model(shared / "edgetpu" / "models" / "mobilenet_v1_0.25_128_quant.tflite")


@pytest.fixture(scope="session")
def photographs(shared: Path) -> np.ndarray:
    from PIL import Image

    pictures = []
    for name in SEEN_ON:
        with Image.open(shared / "images" / name) as picture:
            resized = picture.convert("RGB").resize((224, 224), Image.Resampling.BILINEAR)
            pictures.append(np.asarray(resized))
    return np.stack(pictures)


def one_by_one(model: TfliteModel, pixels: np.ndarray) -> np.ndarray:
    runner = interpreter(model.path, threads=1)
    rows = []
    for image in pixels:
        prepared = prepare_input(image[None], model.input)
        runner.set_tensor(runner.get_input_details()[0]["index"], prepared)
        runner.invoke()
        answer = runner.get_tensor(runner.get_output_details()[0]["index"])
        rows.append(dequantize(answer, model.output)[0])
    return np.stack(rows)


@pytest.mark.parametrize("name", ["tf2_mobilenet_v2_1.0_224_ptq", "mobilenet_v2_1.0_224_quant"])
def test_photographs_are_recognized(shared: Path, photographs: np.ndarray, name: str) -> None:
    model = stored_model(shared / "edgetpu" / "models" / f"{name}.tflite")
    labels = (shared / "images" / "imagenet_labels.txt").read_text("utf-8").splitlines()

    rows = probabilities(model, photographs, threads=2)

    assert rows.shape == (len(SEEN_ON), len(labels)) == (5, 1001)
    assert rows.dtype == np.float32
    for row, seen in zip(rows, SEEN_ON.values(), strict=True):
        assert labels[int(row.argmax())].startswith(seen)
        assert row.sum() == pytest.approx(1, abs=0.35)  # what 1001 roundings leave


def test_a_model_with_a_fixed_batch_answers_image_by_image(
    classifier: TfliteModel, photographs: np.ndarray
) -> None:
    steps: list[Step] = []

    rows = probabilities(classifier, photographs, 2, steps.append)

    assert [(step.done, step.total, step.unit) for step in steps] == [
        (done, 5, "images") for done in (1, 2, 3, 4, 5)
    ]
    assert all(step.facts["images_per_s"] > 0 for step in steps)
    assert np.array_equal(rows, one_by_one(classifier, photographs))


def test_a_model_without_channels_answers_as_well(shared: Path) -> None:
    model = stored_model(shared / "edgetpu" / "models" / "keras_lstm_mnist_ptq.tflite")
    pixels = np.random.default_rng(0).integers(0, 256, (5, 28, 28), np.uint8)

    rows = probabilities(model, pixels, threads=1)

    assert np.array_equal(rows, one_by_one(model, pixels))


def test_no_images_give_no_rows(small_classifier: TfliteModel) -> None:
    assert probabilities(small_classifier, np.empty((0, 128, 128, 3), np.uint8), 1).shape == (
        0,
        1001,
    )


def test_single_images_are_timed_as_often_as_asked(small_classifier: TfliteModel) -> None:
    times_ms = time_single_images(small_classifier, 1, seconds=0.0, at_least=7)

    assert times_ms.shape == (7,)
    assert times_ms.dtype == np.float64
    assert np.all((times_ms > 0) & (times_ms < 1000))
    assert time_single_images(small_classifier, 1, seconds=0.2, at_least=1).sum() <= 1000


def test_stored_values_stand_for_real_ones() -> None:
    spec = TensorSpec("probabilities", (1, 3), "int8", 1 / 256, -128)

    real = dequantize(np.array([[-128, 0, 127]], np.int8), spec)

    assert real.tolist() == [[0.0, 0.5, 255 / 256]]
    assert real.dtype == np.float32


def test_a_file_that_is_no_model_cannot_be_run(tmp_path: Path) -> None:
    path = tmp_path / "model.tflite"
    path.write_bytes(b"nothing")

    with pytest.raises(ModelFileError, match=r"model\.tflite: LiteRT cannot run it"):
        interpreter(path, threads=1)
    with pytest.raises(ModelFileError, match="LiteRT cannot run it"):
        interpreter(tmp_path / "missing.tflite", threads=1)


def test_a_model_with_a_foreign_operator_cannot_be_run(shared: Path) -> None:
    with pytest.raises(ModelFileError, match="fake-op-double"):
        interpreter(shared / "edgetpu" / "models" / "model_invoking_error.tflite", threads=1)
