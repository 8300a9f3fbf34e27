"""What quantization cost is counted on the same images, layer by layer."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.examples import INDEX_FILE, DatasetIndex
from coralexp.artifacts.progress import silent
from coralexp.artifacts.tflite_model import read_model
from coralexp.quant import none, ptq, ptq_ai_edge
from coralexp.stages.convert import convert_model
from coralexp.stages.evaluate import evaluate_model
from coralexp.stages.fidelity import compare_with_float
from coralexp.stages.reference import write_reference
from coralexp.tflite.layer_error import layer_errors, worst
from coralexp.tflite.reader import read_graph

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.quant.contract import QuantizationMode

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def course(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder with a dataset of noise, a network of two convolutions, and its float reference."""
    from coralexp.tf_runtime import tf

    folder = tmp_path_factory.mktemp("course")
    rng = np.random.default_rng(3)
    for split in ("train", "validation", "test"):
        (folder / "dataset" / split).mkdir(parents=True)
        images = rng.integers(0, 256, (40, 8, 8, 1), np.uint8)
        np.save(folder / "dataset" / split / "images.npy", images)
        np.save(folder / "dataset" / split / "labels.npy", np.arange(40) % 2)
    index = DatasetIndex(("a", "b"), (8, 8, 1), "", dict.fromkeys(("train", "test"), 40))
    (folder / "dataset" / INDEX_FILE).write_text(index.to_json(), encoding="utf-8")

    first = tf.constant(rng.normal(size=(3, 3, 1, 4)).astype(np.float32))
    second = tf.constant(rng.normal(size=(3, 3, 4, 2)).astype(np.float32))
    signature = [tf.TensorSpec((1, 8, 8, 1), tf.float32, name="image")]

    def serve(image: tf.Tensor) -> dict[str, tf.Tensor]:
        hidden = tf.nn.relu(tf.nn.conv2d(image, first, 1, "SAME"), name="hidden")
        features = tf.reduce_mean(tf.nn.conv2d(hidden, second, 1, "SAME"), [1, 2])
        return {"probabilities": tf.nn.softmax(features)}

    module = tf.Module()
    module.serve = tf.function(serve, input_signature=signature)
    tf.saved_model.save(module, str(folder / "train" / "saved_model"), signatures=module.serve)
    (folder / "reference").mkdir()
    write_reference(
        folder / "dataset", folder / "train", folder / "reference", threads=1, progress=silent
    )
    return folder


def compared(course: Path, mode: QuantizationMode, to: Path, *, fine_tuned: bool = False) -> Path:
    """Return the folder of the comparison of a mode."""
    for stage in ("convert", "evaluate", "fidelity"):
        (to / stage).mkdir()
    convert_model(course / "dataset", course / "train", mode, to / "convert", seed=1)
    evaluate_model(course / "dataset", to / "convert", to / "evaluate", threads=1, progress=silent)
    compare_with_float(
        course / "dataset",
        course / "reference",
        to / "convert",
        to / "evaluate",
        to / "fidelity",
        fine_tuned=fine_tuned,
    )
    return to / "fidelity"


def figures(folder: Path) -> dict[str, float]:
    return json.loads((folder / "metrics.json").read_text())


def test_the_float_mode_is_the_reference_itself(course: Path, tmp_path: Path) -> None:
    folder = compared(course, none.plan(), tmp_path)

    assert figures(folder) == {"accuracy_lost": 0.0, "float_agreement": 1.0}
    assert not (folder / "layer_errors.csv").exists()
    reference = course / "reference" / "model.tflite"
    assert (tmp_path / "convert" / "model.tflite").read_bytes() == reference.read_bytes()


def test_every_layer_of_an_integer_model_has_its_noise(course: Path, tmp_path: Path) -> None:
    folder = compared(course, ptq.plan(calibration_images=40), tmp_path)

    with (folder / "layer_errors.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    operators = [row["operator"] for row in rows]
    assert operators == ["CONV_2D", "CONV_2D", "MEAN", "SOFTMAX"]
    assert all(20 < float(row["sqnr_db"]) < 80 for row in rows)
    assert all(float(row["cosine"]) > 0.99 for row in rows)
    assert figures(folder)["output_sqnr_db"] == pytest.approx(float(rows[-1]["sqnr_db"]))
    noisiest = max(rows, key=lambda row: float(row["added_noise"]))
    tags = json.loads((folder / "tags.json").read_text())
    assert tags["noisiest_layer"] == f"{noisiest['layer']} ({noisiest['operator']})"


def test_activations_that_are_cut_off_show(course: Path, tmp_path: Path) -> None:
    """Calibration on grey images gives the ranges of grey images: the first layer is cut off."""

    def narrow(converter, images) -> None:
        ptq.plan().configure(converter, images * 0.02)

    mode = replace(ptq.plan(calibration_images=8), configure=narrow)
    folder = compared(course, mode, tmp_path)

    errors = layer_errors(
        read_model(course / "reference"),
        read_model(tmp_path / "convert"),
        np.load(course / "dataset" / "test" / "images.npy")[:8],
    )
    noisiest = worst(errors)
    assert noisiest is not None
    assert noisiest.added > 0.1
    assert errors[0].sqnr_db is not None
    assert errors[0].sqnr_db < 15
    assert 0 <= figures(folder)["float_agreement"] <= 1


def test_of_a_fine_tuned_model_no_layer_is_blamed(course: Path, tmp_path: Path) -> None:
    folder = compared(course, ptq.plan(calibration_images=8), tmp_path, fine_tuned=True)

    assert json.loads((folder / "tags.json").read_text()) == {}


def test_the_other_quantizer_keeps_integers_and_its_constants_inside(
    course: Path, tmp_path: Path
) -> None:
    from ai_edge_litert.schema_py_generated import Model

    folder = compared(course, ptq_ai_edge.plan(calibration_images=40), tmp_path)

    path = tmp_path / "convert" / "model.tflite"
    graph = read_graph(path)
    assert graph.real_valued() == []
    assert {operator.version for operator in graph.operators} <= {1, 2, 3}
    model = Model.GetRootAs(path.read_bytes(), 0)
    assert {model.Buffers(n).Offset() for n in range(model.BuffersLength())} == {0}
    assert figures(folder)["output_sqnr_db"] > 20
