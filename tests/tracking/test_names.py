"""What runs are called in MLflow."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.tracking.names import differing, run_name

if TYPE_CHECKING:
    from conftest import Jobs


def test_only_what_was_swept_tells_a_job_from_the_others() -> None:
    assert differing(["seed=1", "quant=qat"], ["seed=1", "quant=ptq,qat"]) == ["quant=qat"]


def test_a_name_holds_the_choices_and_what_differs(jobs: Jobs) -> None:
    run = jobs.begin("qat")
    run.overrides += ["dataset.limit=100", "seed=1"]

    assert run_name(run, ["seed=1", "quant=ptq,qat"]) == "mobilenetv2 qat usb dataset.limit=100"


def test_a_sweep_is_named_after_everything_that_was_written(jobs: Jobs) -> None:
    sweep = jobs.sweep("quant=ptq,qat")

    assert run_name(sweep) == "sweep quant=ptq,qat"


def test_a_long_name_is_cut_to_what_databases_take(jobs: Jobs) -> None:
    assert len(run_name(jobs.sweep("x" * 500))) == 240
