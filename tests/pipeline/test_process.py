"""A stage's process: it answers, it fails in words, and it never stays behind."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from coralexp.artifacts.progress import silent
from coralexp.errors import StageError
from coralexp.pipeline.process import Workers
from coralexp.spec.compose import parse
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Step
    from coralexp.pipeline.messages import StageOrder


def order(stage: str, folder: Path, overrides: Sequence[str], **entries: Path) -> StageOrder:
    """Return what the pipeline would send for a stage of the first job."""
    folder.mkdir()
    return {
        "kind": "stage",
        "stage": stage,
        "experiment": to_dict(parse(overrides).experiments[0]),
        "entries": {name: str(path) for name, path in entries.items()},
        "folder": str(folder),
        "threads": 1,
        "plugins": [],
        "compiler": None,
        "board": {},
    }


DIGITS = ("dataset=digits", "dataset.limit=60", "backbone=convnet", "training=smoke")


def test_a_stage_is_done_in_another_process_that_tells_how_far_it_is(tmp_path: Path) -> None:
    steps: list[Step] = []
    with Workers(tmp_path / "logs") as workers:
        peak = workers.carry_out(
            order("dataset", tmp_path / "draft", DIGITS), steps.append, tensorflow=False
        )

    assert (tmp_path / "draft" / "train" / "images.npy").is_file()
    assert steps[-1].done == steps[-1].total == 60
    assert peak is not None
    assert peak > 10_000_000
    assert list((tmp_path / "logs").iterdir()) == []


def test_a_failure_is_told_in_its_own_words(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    for name in ("a", "b"):
        (folder / name).mkdir(parents=True)
        (folder / name / "1.png").write_bytes(b"no picture")
        (folder / name / "2.png").write_bytes(f"no picture either {name}".encode())
    request = ("dataset=folder", f"dataset.path={folder}")

    with Workers(tmp_path / "logs") as workers, pytest.raises(StageError) as caught:
        workers.carry_out(order("dataset", tmp_path / "draft", request), silent, tensorflow=False)

    assert "1.png" in str(caught.value)
    assert "Traceback" not in str(caught.value)


def test_an_unforeseen_failure_names_the_file_that_tells_where(tmp_path: Path) -> None:
    with Workers(tmp_path / "logs") as workers, pytest.raises(StageError) as caught:
        workers.carry_out(order("evaluate", tmp_path / "draft", DIGITS), silent, tensorflow=False)

    log = next((tmp_path / "logs").iterdir())
    assert str(log) in str(caught.value)
    assert "Traceback" in log.read_text()
    assert "KeyError" in log.read_text()


@pytest.mark.tf
def test_a_waiting_process_keeps_a_log_of_its_own(tmp_path: Path) -> None:
    with Workers(tmp_path / "logs") as workers:
        first = order("dataset", tmp_path / "first", DIGITS)
        workers.carry_out(first, silent, tensorflow=False, another_follows=True)
        with pytest.raises(StageError) as caught:
            workers.carry_out(
                order("evaluate", tmp_path / "second", DIGITS), silent, tensorflow=False
            )
        logs = list((tmp_path / "logs").iterdir())

    assert len(logs) == 2
    assert [log for log in logs if str(log) in str(caught.value)]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    gone = order("dataset", tmp_path / "draft", DIGITS)
    (tmp_path / "draft").rmdir()

    with Workers(tmp_path / "logs") as workers, pytest.raises(StageError, match="draft/train"):
        workers.carry_out(gone, silent, tensorflow=False)


def test_an_interruption_ends_the_process_before_it_is_passed_on(tmp_path: Path) -> None:
    def interrupt(step: Step) -> None:
        raise KeyboardInterrupt

    with Workers(tmp_path / "logs") as workers, pytest.raises(KeyboardInterrupt):
        workers.carry_out(order("dataset", tmp_path / "draft", DIGITS), interrupt, tensorflow=False)

    assert not [
        child for child in psutil.Process().children() if child.status() != psutil.STATUS_ZOMBIE
    ]


def test_a_process_whose_parent_was_killed_ends_too() -> None:
    program = (
        "import subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-m', 'coralexp.pipeline.worker'],"
        " stdin=subprocess.PIPE, start_new_session=True);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = psutil.Process(int(parent.stdout.readline()))
        parent.kill()

    deadline = time.monotonic() + 20
    while child.is_running() and child.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline, "the process is still there"
        time.sleep(0.1)
