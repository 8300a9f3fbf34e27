"""What the user reads while jobs work."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from coralexp.artifacts.progress import Step
from coralexp.artifacts.record import StageRecord
from coralexp.tracking.console import ConsoleObserver
from coralexp.tracking.pace import Pace, in_words

if TYPE_CHECKING:
    from conftest import Jobs

ENTRY = Path("store/train/t")


def play(jobs: Jobs, console: Console) -> str:
    """Tell an observer of a sweep of one job, and return what it printed."""
    observer = ConsoleObserver(console)
    sweep = jobs.sweep("backbone=mobilenetv2", "quant=ptq,qat")
    run = jobs.begin("ptq", sweep)
    observer.sweep_started(sweep, 2)
    observer.run_started(run)
    run.stages["dataset"] = StageRecord("d", 0.0, reused=True, made_in_s=3.0)
    observer.stage_finished(run, "dataset", ENTRY)
    observer.stage_started(run, "train")
    for epoch in (1, 2, 3):
        steps = {"epoch_share": float(epoch), "loss": 0.5, "images_per_s": 399.4}
        observer.stage_progressed(run, "train", Step(epoch * 10, 30, "steps", steps))
        observer.stage_progressed(run, "train", Step(epoch, 3, "epochs", {"loss": 0.5 / epoch}))
    run.stages["train"] = StageRecord("t", 75.0, reused=False, made_in_s=75.0)
    observer.stage_finished(run, "train", ENTRY)
    observer.noted("the disk is nearly full")
    observer.run_finished(jobs.end(run, "FAILED"))
    observer.sweep_finished(sweep)
    observer.close()
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_piped_it_is_plain_lines(jobs: Jobs) -> None:
    text = play(jobs, Console(file=io.StringIO()))

    lines = text.splitlines()
    assert lines[0] == "job 1 of 2: quant=ptq"
    assert lines[1] == "  dataset    reused"
    assert "  train      done in 1 min 15 s" in lines
    assert "note: the disk is nearly full" in lines
    assert "TrainingError: the loss is nan" in lines[-1]
    assert "\x1b" not in text
    assert text.isascii()


def test_piped_the_last_epoch_is_told_and_no_more_than_one_a_second(jobs: Jobs) -> None:
    lines = play(jobs, Console(file=io.StringIO())).splitlines()

    epochs = [line for line in lines if "epoch" in line]
    assert epochs == ["  train      epoch 1/3  loss 0.5000", "  train      epoch 3/3  loss 0.1667"]


def test_on_a_terminal_a_live_line_fits_into_80_places(jobs: Jobs) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=80, color_system=None)

    text = play(jobs, console)

    assert "epoch 3.0/3" in text or "epoch 3/3" in text
    assert "399 images/s" in text


def test_square_brackets_of_an_override_are_no_markup(jobs: Jobs) -> None:
    console = Console(file=io.StringIO())
    run = jobs.begin()
    run.overrides = ["dataset.signs=[bold,A1]"]

    ConsoleObserver(console).run_started(run)

    assert isinstance(console.file, io.StringIO)
    assert "dataset.signs=[bold,A1]" in console.file.getvalue()


def test_time_left_follows_from_the_rate_since_the_first_step() -> None:
    pace = Pace()

    assert pace.left_s(Step(10, 100, "steps"), now=50.0) is None
    assert pace.left_s(Step(20, 100, "steps"), now=55.0) == pytest.approx(40.0)
    assert pace.left_s(Step(1, 0, "images"), now=60.0) is None


def test_durations_read_well() -> None:
    assert [in_words(s) for s in (0.44, 12, 185, 3720)] == [
        "0.4 s",
        "12 s",
        "3 min 05 s",
        "1 h 02 min",
    ]
