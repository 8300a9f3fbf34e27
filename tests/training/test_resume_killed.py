"""A training that was killed, wherever, ends with the bits of one that was not."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from coralexp.artifacts.sameness import TIMED_FILES
from coralexp.artifacts.store import file_digests

pytestmark = [
    pytest.mark.tf,
    pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL"),
]

SCRIPT = Path(__file__).with_name("mortal.py")
# Four steps an epoch. `stops` ends early, after its fourth epoch, and takes the third's weights.
MOMENTS = {
    "lasts": ["kept-1", "writing-2", "step-10", "kept-4"],
    "stops": ["kept-3", "kept-4"],
    "qat": ["epoch-3"],
}
RESUMED = {"lasts": [1, 1, 2, 4], "stops": [3, 4], "qat": [2]}


def run(folder: Path, job: str, moment: str) -> str:
    """Run a training until it ends, or kills itself; return what it told of its resumption."""
    environment = {**os.environ, "PYTHONPATH": str(SCRIPT.parents[2])}
    command = [sys.executable, str(SCRIPT), str(folder), job, moment]
    done = subprocess.run(
        command, capture_output=True, check=False, env=environment, text=True, timeout=300
    )
    status = 0 if moment == "never" else -signal.SIGKILL
    assert done.returncode == status, done.stdout + done.stderr[-3000:]
    return done.stdout


def disturb(folder: Path, job: str) -> list[str]:
    """Kill a training at each of its moments in turn, then let it end."""
    return [run(folder, job, moment) for moment in [*MOMENTS[job], "never"]]


def lasting(folder: Path) -> dict[str, str]:
    """Return the digests of what holds no times."""
    return {
        name: digest
        for name, digest in file_digests(folder).items()
        if name.rpartition("/")[2] not in TIMED_FILES
    }


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path, dict[str, list[str]]]:
    """Return the folder of undisturbed trainings, that of killed ones, and what those told."""
    calm, killed = tmp_path_factory.mktemp("calm"), tmp_path_factory.mktemp("killed")
    run(calm, "lasts", "never")  # makes the images, too
    shutil.copytree(calm, killed, dirs_exist_ok=True)
    (killed / ".lasts.resume").unlink()
    with ThreadPoolExecutor(2) as pool:
        undisturbed = [pool.submit(run, calm, job, "never") for job in ("stops", "qat")]
        # `qat` fine-tunes the undisturbed `lasts`, so that one is trained again after it.
        told = {job: pool.submit(disturb, killed, job) for job in ("stops", "qat")}
        for future in undisturbed:
            future.result()
        printed = {job: future.result() for job, future in told.items()}
        printed["lasts"] = disturb(killed, "lasts")
    return calm, killed, printed


@pytest.mark.parametrize("job", MOMENTS)
def test_every_file_is_that_of_an_undisturbed_training(
    trained: tuple[Path, Path, dict[str, list[str]]], job: str
) -> None:
    calm, killed, printed = trained

    undisturbed = lasting(calm / job)
    assert {"model.h5", "history.json", "saved_model/saved_model.pb"} <= undisturbed.keys()
    assert lasting(killed / job) == undisturbed
    first, *later = printed[job]
    assert "resumed" not in first
    for told, epoch in zip(later, RESUMED[job], strict=True):
        assert f"resumed after epoch {epoch} of" in told


def test_half_a_checkpoint_is_beside_the_whole_one_before(tmp_path: Path) -> None:
    run(tmp_path, "stops", "writing-2")

    whole, half = sorted(tmp_path.glob(".stops.resume*"))
    assert whole.name == ".stops.resume"
    assert 0 < half.stat().st_size < whole.stat().st_size
