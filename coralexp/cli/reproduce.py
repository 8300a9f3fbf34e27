"""`coralexp reproduce`: make a run again from nothing, and say whether it came out the same."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.cli.run import carry_out, report
from coralexp.cli.stored_jobs import CONFIG, EXPECTED, read_jobs
from coralexp.errors import ConfigError
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Request
from coralexp.spec.top_level import TOP_LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.expected import ExpectedJob
    from coralexp.pipeline.reproduction import Reproduced

_DESCRIPTION = f"""\
Make every stage of a run again, without what the store has, and compare each artifact and metric.

It says `identical to the bit`, `within tolerance` and by how much, or `different` and what differs:
commit, packages, processor, threads, data. The trainings take as many threads as they had, unless
threads=N is written. Bits are promised for equal versions, processor features and threads;
elsewhere the tolerances decide: those of {EXPECTED}, or 0.02 for accuracies, 1 % for sizes and
none for other metrics. Times are never compared. The new run carries the tags `reproduces`, the id
of the old one, and `reproduction`, the verdict.

With changes, such as seed=7, it is another run: it takes from the store what it can, and there is
no verdict."""
_EPILOG = """\
exit status: 0, identical or within tolerance; 1, different, or a job failed; 2, a wrong request

examples:
  coralexp reproduce 20261123-165012           a run of the store, or a sweep with all its runs
  coralexp reproduce experiments/width_half    what `coralexp freeze` wrote; needs no store
  coralexp reproduce 20261123-165012 seed=7    the same with another seed
"""


def main(args: Sequence[str]) -> int:
    """Run a stored configuration again, and print how it compares.

    Args:
        args: A file, a folder that holds `config.yaml`, or the id of a run or sweep; then changes
            such as `seed=7`, and how to run it, such as `store=FOLDER`.

    Returns:
        0; 1 if a job failed or came out different.

    Raises:
        ConfigError: If it is no stored configuration, or a change is wrong.
        UnknownRunError: If there is neither such a file nor such a run.
    """
    parser = argparse.ArgumentParser(
        prog="coralexp reproduce",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "source", metavar="RUN_ID_OR_PATH", help=f"a run's id, {CONFIG}, or its folder"
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE",
        help="what is to be different: seed=7, quant=qat",
    )
    asked, flags = parser.parse_known_args(args)
    asked.overrides += flags  # --config-dir=FOLDER
    here = [item for item in asked.overrides if _is_how(item)]
    changes = [item for item in asked.overrides if not _is_how(item)]
    shell = parse(here)
    jobs = read_jobs(asked.source, Store(shell.how.store), changes, shell.machine.plugins)
    wrong = [p for job in jobs for p in problems(job.experiment, shell.machine.plugins)]
    if wrong:
        raise ConfigError(list(dict.fromkeys(wrong)))
    request = Request(
        tuple(job.experiment for job in jobs), shell.how, shell.machine, is_sweep=len(jobs) > 1
    )
    line = ["reproduce", *args]
    expected = [job.expected for job in jobs if job.expected is not None]
    if changes or len(expected) < len(jobs):
        status = report(carry_out(request, line))
        why = "this run was changed" if changes else "what it gave before is not known"
        sys.stdout.write(f"no verdict: {why}\n")
        return status
    return _tell(_make_again(_with_threads(request, expected), expected, line))


def _is_how(override: str) -> bool:
    """Return whether an override says how or where to run, which no stored configuration does."""
    key = override.partition("=")[0].partition(".")[0]
    return key in TOP_LEVEL_KEYS and key != "seed"


def _with_threads(request: Request, expected: Sequence[ExpectedJob]) -> Request:
    """Take as many threads as it had, for the bits depend on it."""
    counts = {job.threads for job in expected}
    if request.how.threads is not None or len(counts) != 1:
        return request
    return dataclasses.replace(request, how=dataclasses.replace(request.how, threads=counts.pop()))


def _make_again(
    request: Request, expected: Sequence[ExpectedJob], line: Sequence[str]
) -> list[Reproduced]:
    """Run it, told to the terminal; MLflow is told when all is in the store, with the verdict."""
    from coralexp.pipeline.earlier_run import with_earlier_runs
    from coralexp.pipeline.reproduction import reproduce
    from coralexp.report.attachments import attachments
    from coralexp.tracking.console import ConsoleObserver
    from coralexp.tracking.mlflow_observer import MlflowObserver

    store = Store(request.how.store)
    request = with_earlier_runs(request, store)
    console = ConsoleObserver()
    mlflow = MlflowObserver(store.runs, store.root, attach=attachments, note=console.noted)
    try:
        made = reproduce(request, expected, store, console, line)
        mlflow.log_pending()
    finally:
        console.close()
        mlflow.close()
    return made


def _tell(made: Sequence[Reproduced]) -> int:
    from coralexp.report.verdict import verdict_lines

    status = report([one.record for one in made])
    for one in made:
        name = one.expected.run or str(Path(one.expected.config))
        if one.comparison is None:
            sys.stdout.write(f"{name}: could not be made again\n")
            status = 1
            continue
        sys.stdout.writelines(f"{line}\n" for line in verdict_lines(name, one.comparison))
        status |= one.comparison.verdict == "different"
    return int(status)
