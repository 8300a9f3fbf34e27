"""`coralexp compare`: runs side by side."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.console import Console

from coralexp.artifacts.runs import Runs
from coralexp.errors import StoreError, UnknownRunError
from coralexp.report.compare import chosen, print_comparison, tagged
from coralexp.report.frame import write_csv
from coralexp.report.pick import best, estimated, read_limit, within

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord

_DESCRIPTION = """\
Put runs side by side: only the parameters that differ between them, and every metric.

Without RUN_ID: the runs of the latest sweep or, if the latest job was no part of one, the last ten;
with --tag, all runs that have the tag.
A RUN_ID is the id of a run or a sweep (which stands for its runs), an id of MLflow, or as much of
either as no other run begins with."""
_EPILOG = """\
examples:
  coralexp compare                         the latest sweep
  coralexp compare 20261123-165012 3f2a9   two runs
  coralexp compare --csv runs.csv          everything that is known of them, for a spreadsheet
  coralexp compare --tag student           all runs that a student handed in
  coralexp compare --where 'edgetpu_latency_ms<5' --best accuracy --print id
                                           the most accurate of the fast ones, for a script
"""


def main(args: Sequence[str]) -> int:
    """Compare runs.

    Args:
        args: Words behind `compare`.

    Returns:
        Exit status.

    Raises:
        UnknownRunError: If there is no such run, or none within the limits.
        ConfigError: If a limit is none, or no run has a metric of that name.
        StoreError: If the CSV file cannot be written.
    """
    given = _parser().parse_intermixed_args(args)
    ids = [word for word in given.runs if not word.startswith("store=")]
    stores = [word.removeprefix("store=") for word in given.runs if word.startswith("store=")]
    store = Path(stores[-1] if stores else given.store)
    runs = Runs(store / "runs")
    if given.tag:
        records = tagged(runs, ids, given.tag)
        if not records:
            raise UnknownRunError(f"{runs.folder}: no run has the tag {' and '.join(given.tag)}")
    else:
        records = chosen(runs, ids)
    if not records:
        raise UnknownRunError(f"{runs.folder}: there are no runs yet; `coralexp` makes one")
    records = _picked(records, given)
    if given.print == "id":
        sys.stdout.write("".join(f"{record.id}\n" for record in records))
    elif given.csv is None:
        print_comparison(records, Console(), [word.partition("=")[0] for word in given.tag])
    elif given.csv == "-":
        write_csv(records, sys.stdout)
    else:
        _write_file(records, Path(given.csv))
    return 0


def _picked(records: list[RunRecord], given: argparse.Namespace) -> list[RunRecord]:
    """Return the runs within the limits, or the best of them; say what was only estimated."""
    metric = given.best or given.least
    if metric is None and not given.where:
        return records
    limits = [read_limit(text) for text in given.where]
    records = within(records, limits)
    if metric is not None:
        records = [best(records, metric, least=given.least is not None)]
        names = [*(limit.metric for limit in limits), metric]
        for name in estimated(records[0], names):
            text = f"note: {name} of run {records[0].id} is estimated, not measured\n"
            sys.stderr.write(text)
    return records


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp compare",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("runs", nargs="*", metavar="RUN_ID", help="which runs")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="NAME[=VALUE]",
        help="only runs that have this tag, which comes first: student, student=7",
    )
    parser.add_argument(
        "--where",
        action="append",
        default=[],
        metavar="LIMIT",
        help="only finished runs that keep it: 'accuracy>=0.9', 'edgetpu_latency_ms<5'",
    )
    order = parser.add_mutually_exclusive_group()
    order.add_argument("--best", metavar="METRIC", help="only the run that has the most of it")
    order.add_argument("--least", metavar="METRIC", help="only the run that has the least of it")
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--print", choices=("id",), help="print the ids alone, a line each")
    shown.add_argument(
        "--csv", metavar="OUT", help="write a file instead, a row a run; `-` writes to the terminal"
    )
    parser.add_argument(
        "--store",
        default=".coralexp",
        metavar="DIR",
        help="where the runs are recorded, also written store=DIR (default: %(default)s)",
    )
    return parser


def _write_file(records: Sequence[RunRecord], path: Path) -> None:
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            write_csv(records, file)
    except OSError as error:
        raise StoreError(f"--csv {path}: cannot be written ({error.strerror})") from error
    count = "1 run" if len(records) == 1 else f"{len(records)} runs"
    sys.stdout.write(f"{path}: {count}\n")
