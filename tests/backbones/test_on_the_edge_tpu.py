"""What our own conversion makes of every backbone passes the compiler's gate and runs on the chip.

An exception is written beside the backbone, as `NOT_ON_THE_EDGE_TPU`: operator names to the reason.
"""

from __future__ import annotations

import importlib
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml

from coralexp.artifacts.examples import INDEX_FILE, DatasetIndex
from coralexp.artifacts.tflite_model import MODEL
from coralexp.edgetpu.place import place
from coralexp.heads import linear, mlp
from coralexp.quant import ptq, qat
from coralexp.stages.convert import convert_model
from coralexp.stages.trained import save_trained
from coralexp.tflite.reader import read_model_file
from coralexp.training.watch import History

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.quant.contract import QuantizationMode

pytestmark = pytest.mark.tf

CHOICES = sorted((Path(__file__).parents[2] / "conf" / "backbone").glob("*.yaml"))
# Of those of keras.applications, which take long to convert, `test_some_of_keras` has two.
OURS = [
    choice
    for choice in CHOICES
    if "keras_application" not in vars(importlib.import_module(f"coralexp.backbones.{choice.stem}"))
]
BEHIND = "More than one subgraph is not supported"  # what stands behind one that is not mapped
SHAPE = (64, 64, 3)
CLASSES = ("one", "two", "three")
IMAGES = 4
HEADS = {"linear": linear.attach, "mlp": mlp.attach}


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An entry of the stage `dataset` that holds noise."""
    folder = tmp_path_factory.mktemp("dataset")
    draw = np.random.default_rng(0)
    for split in ("train", "validation", "test"):
        (folder / split).mkdir()
        np.save(folder / split / "images.npy", draw.integers(0, 256, (IMAGES, *SHAPE), np.uint8))
        np.save(folder / split / "labels.npy", np.arange(IMAGES) % len(CLASSES))
    counts = dict.fromkeys(("train", "validation", "test"), IMAGES)
    text = DatasetIndex(CLASSES, SHAPE, "", counts).to_json()
    (folder / INDEX_FILE).write_text(text, encoding="utf-8")
    return folder


def converted(  # noqa: PLR0917 - what a job consists of
    choice: Path,
    head: str,
    mode: QuantizationMode,
    noise: Path,
    folder: Path,
    changes: Mapping[str, object] | None = None,
) -> Path:
    """Return the .tflite file of an untrained backbone with a head."""
    from coralexp.tf_runtime import keras

    options = yaml.safe_load(choice.read_text("utf-8"))
    module, name = options.pop("_target_").rsplit(".", 1)
    options = {k: tuple(v) if isinstance(v, list) else v for k, v in options.items()}
    options |= changes or {}
    keras.utils.set_random_seed(0)
    backbone = getattr(importlib.import_module(module), name)(SHAPE, **options)
    answer = HEADS[head](backbone.output, len(CLASSES))
    model = keras.Model(backbone.input, answer, name="classifier")
    draw = np.random.default_rng(0)
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.set_weights([draw.uniform(0.5, 1, w.shape) for w in layer.get_weights()])
    stage = "train"
    if mode.fine_tuning is not None:
        stage = "qat"
        pixels = np.load(noise / "train" / "images.npy").astype(np.float32) / 127.5 - 1
        model = mode.fine_tuning.prepare(model, pixels)
        mode.fine_tuning.finish(model)
    (folder / stage).mkdir()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Keras would rather write .keras
        history = History(images=IMAGES)
        save_trained(
            model, folder / stage, history=history, metrics={}, extractor={"image"}, stage=stage
        )
    (folder / "convert").mkdir()
    convert_model(noise, folder / stage, mode, folder / "convert", seed=1)
    return folder / "convert" / MODEL


@pytest.mark.parametrize(
    ("head", "mode"),
    [
        ("linear", ptq.plan(calibration_images=IMAGES)),
        ("mlp", ptq.plan(calibration_images=IMAGES, io="int8")),
        ("linear", qat.plan()),
    ],
    ids=["linear-ptq", "mlp-ptq-int8", "linear-qat"],
)
@pytest.mark.parametrize("choice", OURS, ids=lambda path: path.stem)
def test_every_operator_runs_on_the_chip_or_its_absence_is_explained(
    choice: Path, head: str, mode: QuantizationMode, noise: Path, tmp_path: Path
) -> None:
    target = yaml.safe_load(choice.read_text("utf-8"))["_target_"]
    module = importlib.import_module(target.rpartition(".")[0])
    excused = getattr(module, "NOT_ON_THE_EDGE_TPU", {})
    unfit = getattr(module, "unfit_for_fine_tuning", None)
    if mode.fine_tuning is not None and unfit is not None:
        options = yaml.safe_load(choice.read_text("utf-8"))
        if unfit(options):
            pytest.skip(unfit(options))

    placement = place(read_model_file(converted(choice, head, mode, noise, tmp_path)))

    assert placement.rejections == ()
    left = [o for o in placement.operators if o.placement != "edgetpu" and o.op not in excused]
    assert [o for o in left if not (excused and o.status == BEHIND)] == []


def test_the_placement_of_local_response_normalization_tells_what_to_do(
    noise: Path, tmp_path: Path
) -> None:
    choice = next(path for path in CHOICES if path.stem == "cifar10_tutorial")
    mode = ptq.plan(calibration_images=IMAGES)

    placement = place(read_model_file(converted(choice, "mlp", mode, noise, tmp_path)))

    norms = [o for o in placement.operators if o.op == "LOCAL_RESPONSE_NORMALIZATION"]
    assert len(norms) == 2
    assert all(o.placement == "cpu" and "float32" in o.reason for o in norms)
    assert all("no integer form" in o.advice and "batch normal" in o.advice for o in norms)


@pytest.mark.parametrize(
    ("choice", "changes", "on_the_cpu"),
    [
        ("vgg16", {"cut_at": "block2_pool"}, set()),
        ("cifar10_tutorial", {"normalization": "batch"}, set()),
        ("mobilenetv3small", {"cut_at": "expanded_conv/project/BatchNorm"}, {"HARD_SWISH"}),
        ("mobilenetv3small", {"minimalistic": True, "cut_at": "re_lu_4"}, set()),
    ],
    ids=["vgg16", "cifar10_tutorial-batch", "mobilenetv3small", "mobilenetv3small-minimalistic"],
)
def test_some_of_keras_run_on_the_chip_but_for_what_is_told(
    choice: str, changes: dict[str, object], on_the_cpu: set[str], noise: Path, tmp_path: Path
) -> None:
    path = next(path for path in CHOICES if path.stem == choice)
    mode = ptq.plan(calibration_images=IMAGES)

    placement = place(read_model_file(converted(path, "linear", mode, noise, tmp_path, changes)))

    assert placement.rejections == ()
    left = [o for o in placement.operators if o.placement != "edgetpu"]
    assert {o.op for o in left if o.status != BEHIND} == on_the_cpu
