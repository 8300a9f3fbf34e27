"""First the head learns alone, then the end of the backbone with it; a kill changes no bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import h5py
import numpy as np
import pytest

from coralexp.artifacts.sameness import TIMED_FILES
from coralexp.artifacts.store import file_digests

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("phases") / "job"
    script = Path(__file__).with_name("phases.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2]), "TF_CPP_MIN_LOG_LEVEL": "2"}
    ended = subprocess.run(
        [sys.executable, str(script), str(root)],
        capture_output=True,
        check=False,
        env=environment,
        text=True,
        timeout=300,
    )
    assert ended.returncode == 0, ended.stderr[-3000:]
    return root


def weights(folder: Path) -> dict[str, np.ndarray]:
    found: dict[str, np.ndarray] = {}
    with h5py.File(folder / "model.h5") as file:
        file["model_weights"].visititems(
            lambda name, item: (
                found.update(
                    {
                        name.rpartition("/")[0].partition("/")[0]
                        + "/"
                        + name.rpartition("/")[2]: item[()]
                    }
                )
                if isinstance(item, h5py.Dataset)
                else None
            )
        )
    return found


def moved(before: Path, after: Path) -> set[str]:
    ours, theirs = weights(before), weights(after)
    return {name for name in ours if not np.array_equal(ours[name], theirs[name])}


def lasting(folder: Path) -> dict[str, str]:
    return {
        name: digest
        for name, digest in file_digests(folder).items()
        if name.rpartition("/")[2] not in TIMED_FILES
    }


def test_epochs_count_on_and_tell_their_phase_and_rate(trained: Path) -> None:
    epochs = json.loads((trained / "whole" / "history.json").read_text())

    assert [epoch["epoch"] for epoch in epochs] == [1, 2, 3, 4]
    assert [epoch["phase"] for epoch in epochs] == [1, 1, 2, 2]
    assert 0.01 > epochs[0]["learning_rate"] > epochs[1]["learning_rate"]
    assert 0.001 > epochs[2]["learning_rate"] > epochs[3]["learning_rate"]


def test_the_second_phase_moves_what_was_named_and_no_normalization(trained: Path) -> None:
    changed = moved(trained / "head", trained / "whole")

    assert {name for name in changed if name.startswith("block")} == {"block2_conv/kernel:0"}


def test_what_is_frozen_until_a_layer_stays_with_its_statistics(trained: Path) -> None:
    changed = moved(trained / "head", trained / "until")

    blocks = {name.partition("/")[0] for name in changed if name.startswith("block")}
    assert blocks == {"block2_conv", "block2_bn"}


@pytest.mark.parametrize("name", ["killed1", "killed3"])
def test_killed_in_either_phase_it_ends_with_the_same_bits(trained: Path, name: str) -> None:
    assert lasting(trained / name) == lasting(trained / "whole")
    notes = (trained / "notes.txt").read_text().splitlines()
    assert f"{name}: resumed after epoch {name[-1]} of 4" in notes


def test_features_made_once_serve_the_first_phase_and_survive_a_kill(trained: Path) -> None:
    assert lasting(trained / "killed_fast") == lasting(trained / "fast")
    changed = moved(trained / "head", trained / "fast")
    assert {name for name in changed if name.startswith("block")} == {"block2_conv/kernel:0"}


def test_event_files_hold_what_was_seen_and_change_no_bit(trained: Path) -> None:
    from coralexp.tf_runtime import tf

    watched = trained / "watched"
    assert lasting(watched) == lasting(trained / "whole")
    seen: dict[str, int] = {}
    for phase in (1, 2):
        file = watched / "tensorboard" / f"phase{phase}.tfevents"
        for record in tf.data.TFRecordDataset(str(file)):
            event = tf.compat.v1.Event.FromString(record.numpy())
            for value in event.summary.value:
                seen[value.tag] = seen.get(value.tag, 0) + 1

    assert seen["epoch/loss"] == seen["epoch/learning_rate"] == 4
    assert seen["images/training"] == 2
    assert seen["weights/block2_conv/kernel"] == seen["activations/block2_relu"] == 4
    assert seen["sparsity/block2_relu"] == 4
    assert seen["gradients/block2_conv/kernel"] == 2  # it learns in the second phase alone
