"""The key of a stage changes with what decides its artifact, and with nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.key_schema import KEY_SCHEMA
from coralexp.errors import ConfigError
from coralexp.pipeline.planner import Planner
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from pathlib import Path


def keys(*overrides: str, threads: int = 2) -> dict[str, str]:
    """Return the key of each stage of the first job."""
    experiment = parse(overrides).experiments[0]
    return {task.stage: task.key for task in Planner(threads)(experiment)}


def changed(before: dict[str, str], after: dict[str, str]) -> set[str]:
    """Return the stages that would be made again."""
    return {stage for stage in before if before[stage] != after.get(stage)}


def test_modes_of_quantization_share_one_training() -> None:
    assert changed(keys("quant=ptq"), keys("quant=none")) == {
        "convert",
        "evaluate",
        "fidelity",
        "compile",
        "measure",
    }
    assert keys("quant=qat")["train"] == keys("quant=ptq")["train"]


def test_devices_share_everything_but_the_times() -> None:
    assert changed(keys("device=usb"), keys("device=rpi4")) == {"measure"}


def test_what_the_compiler_is_asked_for_changes_the_compilation() -> None:
    assert changed(keys(), keys("device.num_segments=2")) == {"compile", "measure"}


def test_a_device_without_a_chip_needs_no_compiler() -> None:
    assert "compile" not in keys("device=cpu")


def test_a_compiler_that_is_asked_for_and_not_there_is_a_wrong_request(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"machine\.compiler: .*there is no such file"):
        Planner(2, Machine(compiler=str(tmp_path / "nowhere")))


def test_another_seed_changes_everything() -> None:
    assert changed(keys(), keys("seed=7")) == set(keys())


def test_a_default_written_out_changes_nothing() -> None:
    assert keys() == keys("backbone.width=0.35", "quant=ptq", "on_error=stop", "store=elsewhere")


def test_the_types_at_the_ends_of_a_model_do_not_train_again() -> None:
    assert changed(keys("quant=qat"), keys("quant=qat", "quant.io=int8")) == {
        "convert",
        "evaluate",
        "fidelity",
        "compile",
        "measure",
    }


def test_the_count_of_threads_trains_again() -> None:
    before, after = keys(threads=1), keys(threads=2)

    assert "dataset" not in changed(before, after)
    assert "train" in changed(before, after)


def test_an_edited_picture_is_noticed(tmp_path: Path) -> None:
    from PIL import Image

    for name in ("cat", "dog"):
        (tmp_path / name).mkdir()
        for number in range(4):
            shade = (number * 40, len(name) * 10, ord(name[0]))
            Image.new("RGB", (8, 8), shade).save(tmp_path / name / f"{number}.png")
    request = ("dataset=folder", f"dataset.path={tmp_path}")
    before = keys(*request)
    Image.new("RGB", (8, 8), (1, 2, 3)).save(tmp_path / "cat" / "0.png")

    assert changed(before, keys(*request)) == set(before)


def test_weights_count_by_their_content_not_by_their_name(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"weights")
    (tmp_path / "b.h5").write_bytes(b"other weights")
    first = keys(f"backbone.weights={tmp_path / 'a.h5'}")
    (tmp_path / "a.h5").write_bytes(b"changed weights")

    assert first["train"] != keys(f"backbone.weights={tmp_path / 'a.h5'}")["train"]


def test_every_key_has_the_number_of_its_schema() -> None:
    tasks = Planner(2)(parse(["quant=qat"]).experiments[0])

    assert {task.ingredients["schema"] for task in tasks} == {KEY_SCHEMA}
    assert KEY_SCHEMA == 1


def test_heads_that_pool_share_features_that_are_pooled() -> None:
    request = (
        "dataset=digits",
        "backbone=convnet",
        "training.freeze_backbone=true",
        "training=smoke",
        "training.shift=0",
    )
    features = {
        head: keys(*request, f"head={head}")["features"]
        for head in ("linear", "nearest_mean", "logistic_regression", "mlp")
    }

    assert features["linear"] == features["nearest_mean"] == features["logistic_regression"]
    assert features["linear"] != features["mlp"]


def test_options_that_came_later_are_in_a_key_only_where_they_are_used() -> None:
    for task in Planner(2)(parse(["head=mlp"]).experiments[0]):
        assert "standardize" not in repr(task.ingredients)
        assert "l2" not in repr(task.ingredients)

    request = (
        "dataset=digits",
        "backbone=convnet",
        "training.freeze_backbone=true",
        "training=smoke",
    )
    before = keys(*request)
    assert changed(before, keys(*request, "training.standardize=false")) == set()
    assert changed(before, keys(*request, "training.standardize=true")) == set(before) - {"dataset"}
