"""Measure what is promised of speed, and write the table.

    python benchmarks/speed/bench.py [--only ROW ...] [--missing] [--quick] [--to FOLDER]

Without `--only`, every row is measured, about half an hour on two cores; `--missing` leaves out
those that results.json has. Each row is written down as soon as it is there, so that a run that
was ended goes on with `--missing`. `--table` writes the table anew and measures nothing. `--quick`
takes tiny sizes: it shows that a row can be measured, and its figures mean nothing. Exit status 1
if a promise is not kept, or a row could not be measured.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import conversion
import evaluation
import folder_epoch
import frozen_head
import orchestration
import parallel
import sweep_again
import sweep_memory
import sweep_once
import table
from command import CommandError
from machine import load, machine

PROMISES = (
    sweep_once.PROMISE,
    sweep_again.PROMISE,
    conversion.PROMISE,
    frozen_head.FIRST,
    frozen_head.NEXT,
    evaluation.PROMISE,
    folder_epoch.PROMISE,
    orchestration.PROMISE,
    sweep_memory.PROMISE,
    parallel.PROMISE,
)
RESULTS = "results.json"
TABLE = "RESULTS.md"


def main() -> int:
    """Measure, print, write."""
    asked = _arguments()
    to: Path = asked.to
    to.mkdir(parents=True, exist_ok=True)
    rows = table.read(to / RESULTS)
    kept = True
    for promise in () if asked.table else PROMISES:
        left_out = asked.only and promise.name not in asked.only
        if left_out or (asked.missing and promise.name in rows):
            continue
        print(f"{promise.name}: {promise.what}", flush=True)
        wanted, start = load(), time.monotonic()
        with tempfile.TemporaryDirectory(prefix="coralexp-bench-") as scratch:
            try:
                found = promise.measure(Path(scratch), asked.quick)
            except CommandError as error:  # the other rows can still be measured
                print(f"  not measured: {error}")
                kept = False
                continue
        rows[promise.name] = table.Measured(found, machine(), wanted)
        table.write(to / RESULTS, rows)
        (to / TABLE).write_text(table.text(PROMISES, rows), encoding="utf-8")
        kept = kept and promise.is_kept(found)
        took = time.monotonic() - start
        print(f"  {promise.ratio(found):.2f}, promised {promise.bound:g}; measured in {took:.0f} s")
    (to / TABLE).write_text(table.text(PROMISES, rows), encoding="utf-8")
    print(f"{to / TABLE}: {table.in_short(PROMISES, rows)}")
    return int(not kept and not asked.quick)


def _arguments() -> argparse.Namespace:
    names = [promise.name for promise in PROMISES]
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--only", nargs="+", choices=names, metavar="ROW", help=", ".join(names))
    parser.add_argument("--missing", action="store_true", help="leave out what is there")
    parser.add_argument("--quick", action="store_true", help="tiny sizes, figures without meaning")
    parser.add_argument("--table", action="store_true", help="write the table anew, nothing else")
    parser.add_argument("--to", type=Path, default=Path(__file__).parent, help="folder of results")
    asked = parser.parse_args()
    if asked.quick and asked.to == Path(__file__).parent:
        parser.error("--quick needs --to FOLDER: its figures are not for the table")
    return asked


if __name__ == "__main__":
    raise SystemExit(main())
