"""Every experiment asks for the exercise's own values, and has its page, its text and its notebook."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coralexp.artifacts.expected import from_json
from coralexp.report.experiment_index import with_index
from coralexp.spec.compose import parse
from coralexp.spec.stored import read_file

ROOT = Path(__file__).resolve().parents[2]
NAMES = sorted(path.stem for path in (ROOT / "conf" / "experiment").glob("*.yaml"))

# What the exercise says, as `group.option`; a list where the jobs differ, in their order.
VALUES: dict[str, dict[str, object]] = {
    "lab2_transfer_ptq": {
        "backbone.weights": "imagenet",
        "backbone.width": 1.0,
        "dataset.side_px": 224,
        "head": "linear",
        "quant": "ptq",
        "training.freeze_backbone": [True, False],
    },
    "lab2_face_mask": {
        "dataset": "face_mask_stand_in",
        "backbone.weights": "imagenet",
        "training.freeze_backbone": True,
        "quant": "ptq",
        "device": "usb",
    },
    "tinyml_cats_vs_dogs": {
        "dataset": "cats_vs_dogs_stand_in",
        "dataset.side_px": 224,
        "training.batch_size": 32,
        "training.optimizer": "adam",
        "training.epochs": 5,
        "quant": ["none", "dynamic", "tinyml_ptq"],
        "quant.calibration_images": [None, None, 100],
        "quant.io": [None, None, "uint8"],
    },
    "tinyml_mnist_qat": {
        "dataset": "mnist_stand_in",
        "training.epochs": 5,
        "quant": ["none", "ptq", "qat"],
    },
    "convnet_pooling": {
        "dataset.side_px": 32,
        "backbone.filters": (32, 64),
        "backbone.convolutions": 2,
        "backbone.kernel_px": 3,
        "backbone.padding": "valid",
        "backbone.pooling": ["max", "none"],
        "head.units": (512,),
    },
    "vgg16_feature_extraction": {
        "dataset.side_px": 32,
        "backbone": "vgg16",
        "head.units": (256,),
        "training.freeze_backbone": True,
        "training.optimizer": "adam",
        "training.learning_rate": 5e-4,
        "training.epsilon": 1e-8,
        "training.batch_size": 128,
        "training.epochs": 20,
    },
    "vgg16_fine_tuning": {
        "backbone": "vgg16",
        "head.units": (1024, 256),
        "head.dropout": 0.3,
        "training.learning_rate": 5e-4,
        "training.batch_size": 64,
        "training.epochs": 20,
        "training.unfreeze_from": ["block3_conv1", "block5_conv1"],
    },
    "glyph_reader": {
        "dataset": "glyphs",
        "head": ["logistic_regression", "nearest_mean", "linear"],
        "training.freeze_backbone": True,
    },
    "glyph_reader_end_to_end": {
        "dataset": "glyphs",
        "backbone.weights": None,
        "training.freeze_backbone": False,
    },
    "cifar10_tutorial": {
        "backbone": "cifar10_tutorial",
        "backbone.normalization": ["lrn", "batch"],
        "head.units": (384, 192),
    },
    "pareto_front": {
        "backbone": ["mobilenetv1"] * 6 + ["mobilenetv2"] * 6,
        "backbone.width": [0.25, 0.25, 0.5, 0.5, 1.0, 1.0] * 2,
        "quant": ["ptq", "qat"] * 6,
    },
    "quantization_modes": {
        "quant": [
            *("none", "float16", "dynamic", "int16x8", "ptq", "ptq_ai_edge", "qat"),
            *("prune", "pqat", "cluster", "cqat"),
        ],
    },
}
# The exercise's own data and network: what the page names beside a stand-in.
REAL = {
    "lab2_transfer_ptq": ["backbone=mobilenetv2"],
    "tinyml_cats_vs_dogs": ["dataset=cats_vs_dogs", "backbone=mobilenetv2"],
    "tinyml_mnist_qat": ["dataset=mnist"],
    "convnet_pooling": ["dataset=cifar10"],
    "vgg16_feature_extraction": ["dataset=cifar10", "backbone.weights=imagenet"],
    "vgg16_fine_tuning": ["dataset=cifar10", "backbone.weights=imagenet"],
    "glyph_reader": ["backbone=mobilenetv2"],
    "cifar10_tutorial": ["dataset=cifar10", "training=cifar10_tutorial"],
}


def test_every_experiment_has_its_values() -> None:
    assert sorted(VALUES) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_asks_for_what_the_exercise_says(name: str) -> None:
    jobs = parse([f"experiment={name}"]).experiments

    for place, wanted in VALUES[name].items():
        group, _, option = place.partition(".")
        found = [job[group].options.get(option) if option else job[group].choice for job in jobs]
        assert found == (wanted if isinstance(wanted, list) else [wanted] * len(jobs)), place


@pytest.mark.parametrize("name", REAL)
def test_one_line_runs_the_real_thing(name: str) -> None:
    line = [f"experiment={name}", *REAL[name]]

    jobs = parse(line).experiments

    assert len(jobs) == len(parse(line[:1]).experiments)
    assert " ".join(line) in (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text("utf-8")
    assert all("stands_for" not in job["dataset"].options or "dataset" not in line[1] for job in jobs)


def test_the_tutorials_own_training_crops_and_standardizes() -> None:
    [job, _] = parse(["experiment=cifar10_tutorial", *REAL["cifar10_tutorial"]]).experiments

    wanted = {
        "window_px": 24,
        "standardize": True,
        "flip": True,
        "shift": 0.0,
        "batch_size": 128,
        "average": 0.9999,
    }
    assert wanted.items() <= job["training"].options.items()
    assert job["head"].options["l2"] == 0.004


def test_every_experiment_has_a_folder_and_the_reverse() -> None:
    folders = sorted(path.parent.name for path in (ROOT / "experiments").glob("*/lab.md"))

    assert folders == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_an_experiment_says_question_command_and_cost(name: str) -> None:
    text = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text("utf-8")

    for word in ("# Question   ", f"# Command    python -m coralexp experiment={name}", "# Expect "):
        assert word in text


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_result_is_of_this_schema_and_of_these_values(name: str) -> None:
    folder = ROOT / "experiments" / name

    jobs, files = from_json((folder / "expected.json").read_bytes())

    assert jobs
    assert all((folder / file).is_file() for file in files)
    for job in jobs:
        assert read_file(folder / job.config)["dataset"].choice
        assert f"experiment={name}" in job.overrides
        assert set(job.stages) >= {"dataset", "train", "convert", "evaluate", "fidelity"}


@pytest.mark.parametrize("name", NAMES)
def test_a_page_asks_three_questions_and_tells_a_stand_in_first(name: str) -> None:
    page = (ROOT / "experiments" / name / "README.md").read_text("utf-8")

    assert all(f"\n{number}. " in page for number in (1, 2, 3))
    assert "## Objective" in page
    assert f"python -m coralexp reproduce experiments/{name}" in page
    stands_in = (ROOT / "conf" / "experiment" / f"{name}.yaml").read_text("utf-8").count("_stand_in")
    assert page.startswith("**Stand-in:**") == bool(stands_in)


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_is_stored_without_results(name: str) -> None:
    notebook = json.loads((ROOT / "experiments" / name / "lab.ipynb").read_text("utf-8"))

    code = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert all(not cell["outputs"] and cell["execution_count"] is None for cell in code)
    assert any(f'"experiment={name}"' in "".join(cell["source"]) for cell in code)


def test_the_list_of_experiments_is_up_to_date() -> None:
    page = ROOT / "experiments" / "README.md"
    text = page.read_text("utf-8")

    assert with_index(text, page.parent) == text
    assert all(f"[{name}](" in text for name in NAMES)
