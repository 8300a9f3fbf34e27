"""What is for graphics cards leaves what any training leaves; without a card it is refused."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest
from command import call, records

from coralexp.errors import ConfigError, TrainingError
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse
from coralexp.training import hardware, recipe

SCRIPT = Path(__file__).with_name("on_cards.py")


@pytest.mark.tf
def test_what_was_learned_is_kept_in_full_precision_for_one_device(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(SCRIPT), str(tmp_path)],
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])},
        text=True,
    )
    assert done.returncode == 0, done.stderr[-3000:]

    history = json.loads((tmp_path / "train" / "history.json").read_text())
    metrics = json.loads((tmp_path / "train" / "metrics.json").read_text())
    assert [epoch["phase"] for epoch in history] == [1, 1, 1, 1, 2, 2]
    assert history[-1]["loss"] < history[0]["loss"]
    # Judged anew by the network that is kept: it has what the other one learned, so it is right
    # about as often on the test images as that one was on those of the validation.
    assert abs(metrics["accuracy_float"] - history[-1]["validation_accuracy"]) < 0.15
    with h5py.File(tmp_path / "train" / "model.h5") as saved:
        assert "float16" not in saved.attrs["model_config"]
        kinds: set[np.dtype] = set()
        saved["model_weights"].visititems(
            lambda name, thing: kinds.add(thing.dtype) if isinstance(thing, h5py.Dataset) else None
        )
        assert kinds == {np.dtype("float32")}


@pytest.mark.tf
def test_without_a_card_the_job_ends_with_the_reason(tmp_path: Path) -> None:
    job = ("dataset=digits", "dataset.limit=30", "backbone=convnet", "training=smoke")

    told = call(
        tmp_path,
        *job,
        "training.mixed_precision=true",
        status=1,
        environment={"CUDA_VISIBLE_DEVICES": "-1"},
    )

    assert "training.mixed_precision=true needs a graphics card, and TensorFlow finds none" in told
    assert "Traceback" not in told
    assert records(tmp_path)[0].state == "FAILED"


def test_all_cards_are_at_least_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hardware, "gpus", list)

    with pytest.raises(TrainingError, match=r"training\.all_gpus=true needs a graphics card"):
        hardware.graphics_cards(recipe.plan(all_gpus=True))
    assert not hardware.graphics_cards(recipe.plan())


@pytest.mark.parametrize(
    ("other", "told"),
    [("average=0.9", "average=null"), ("tensorboard=true", "tensorboard=false")],
)
def test_what_reads_the_weights_of_one_device_is_refused_beside_several(
    other: str, told: str
) -> None:
    with pytest.raises(ConfigError, match=rf"training\.all_gpus: does not go with .*{told}"):
        parse(["training.all_gpus=true", f"training.{other}"], check=problems)
