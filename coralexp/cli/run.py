"""`coralexp`, without a verb: every job of a request, and the table of what they gave."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from coralexp.errors import StoreError
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from coralexp.artifacts.record import RunRecord
    from coralexp.spec.experiment import Request


def main(args: Sequence[str]) -> int:
    """Run what the arguments ask for, and print the table of its jobs.

    Args:
        args: Overrides, such as `backbone=mobilenetv2` and `quant=ptq,qat`.

    Returns:
        0, or 1 if a job failed.

    Raises:
        ConfigError: If the request is wrong; nothing was started.
    """
    return report(carry_out(parse(args, check=problems), args))


def run(overrides: Sequence[str] = ()) -> pd.DataFrame:
    """Do what the command does, from Python or a notebook.

    Args:
        overrides: As on the command line: `["backbone=mobilenetv2", "quant=ptq,qat"]`.

    Returns:
        A row a job: `id`, `state`, `error`, parameters, metrics and tags by their public names.

    Raises:
        ConfigError: If the request is wrong; nothing was started. It has every problem.
        StoreError: If the store cannot be written.
    """
    from coralexp.report.frame import frame

    return frame(carry_out(parse(overrides, check=problems), overrides))


def report(records: Sequence[RunRecord]) -> int:
    """Print the table of finished jobs; return the exit status that they deserve."""
    from rich.console import Console

    from coralexp.report.table import print_summary

    print_summary(records, Console())
    return int(any(record.state == "FAILED" for record in records))


def carry_out(request: Request, line: Sequence[str]) -> list[RunRecord]:
    """Run a checked request, told to the terminal and to MLflow.

    Args:
        request: What is to be done.
        line: What the user wrote.

    Returns:
        One record a job, in order.

    Raises:
        ConfigError: If weights of an earlier run are asked for that the store lacks.
        StoreError: If the store cannot be written.
    """
    # Here rather than above: what is wrong with a request is told without any of these.
    from coralexp.artifacts.store import Store
    from coralexp.pipeline.audience import Audience
    from coralexp.pipeline.earlier_run import with_earlier_runs
    from coralexp.pipeline.execute import execute
    from coralexp.report.attachments import attachments
    from coralexp.tracking.console import ConsoleObserver
    from coralexp.tracking.mlflow_observer import MlflowObserver

    store = Store(request.how.store)
    request = with_earlier_runs(request, store)
    console = ConsoleObserver(at_a_time=request.how.jobs)
    mlflow = MlflowObserver(store.runs, store.root, attach=attachments, note=console.noted)
    store.clear_drafts()
    with contextlib.suppress(StoreError):  # read-only: what is finished can be shown all the same
        for record in store.runs.close_abandoned():
            console.noted(
                f"run {record.id} was left by a process that is gone; it counts as killed"
            )
    audience = Audience([console, mlflow])
    try:
        records = execute(request, store, audience, line)
        if any(not record.logged and record.state != "RUNNING" for record in store.runs):
            mlflow.log_pending()  # of an earlier command that was killed, or MLflow was away
        return records
    finally:
        audience.close()
