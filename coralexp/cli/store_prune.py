"""`coralexp store prune`: take away what is old and what no run refers to."""

from __future__ import annotations

import argparse
import re
import sys
from typing import TYPE_CHECKING

from coralexp.artifacts.pruning import Pruning
from coralexp.cli.store_words import parser_of, read_words, write_json
from coralexp.report.store_upkeep import pruned_as_json, pruned_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Remove entries that were neither made nor used by a run for so long, and that no run refers to.

Also what is left of processes that were killed: their drafts, checkpoints of trainings that nobody
took up again, reproductions that did not come to their end; and what stages that failed printed.
Run records stay, so `coralexp compare` goes on showing every run.

With --no-keep-runs, entries that runs refer to go as well, and so does what `coralexp reproduce`
kept for its other bits; the run's command, or `coralexp reproduce RUN_ID`, makes them again. What
another process works on stays, and no entry goes while a run is at work in the store."""
_EPILOG = """\
exit status: 0; 1 if something could not be removed; 2, a wrong request

examples:
  coralexp store prune --older-than 30d --dry-run
  coralexp store prune --older-than 30d --keep-runs
  coralexp store prune --older-than 12w --no-keep-runs
"""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)([hdw])")
_SECONDS = {"h": 3600.0, "d": 24 * 3600.0, "w": 7 * 24 * 3600.0}


def main(args: Sequence[str]) -> int:
    """Prune the store.

    Args:
        args: Words behind `prune`.

    Returns:
        0; 1 if something could not be removed.

    Raises:
        ConfigError: If a word is not known.
        StoreError: If the store cannot be written.
        UnknownEntryError: If there is no store.
    """
    parser = parser_of("prune", _DESCRIPTION, _EPILOG)
    parser.add_argument(
        "--older-than",
        required=True,
        type=_checked,
        metavar="AGE",
        help="hours, days or weeks: 12h, 30d, 2w",
    )
    parser.add_argument(
        "--keep-runs",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="keep what a run refers to; this is so unless --no-keep-runs is written",
    )
    parser.add_argument(
        "--dry-run", action="store_true", help="remove nothing, and tell what would go"
    )
    asked, store = read_words(parser, args)
    pruned = Pruning(store, seconds(asked.older_than), asked.keep_runs, asked.dry_run)()
    if asked.json:
        write_json(pruned_as_json(pruned, dry_run=asked.dry_run))
    else:
        lines = pruned_lines(pruned, asked.older_than, dry_run=asked.dry_run)
        sys.stdout.writelines(f"{line}\n" for line in lines)
    return int(pruned.failed)


def seconds(age: str) -> float:
    """Return a stretch of time such as `30d` in seconds.

    Raises:
        ValueError: If it is none.
    """
    found = _DURATION.fullmatch(age.strip())
    if found is None:
        raise ValueError(f"{age!r} is no age")
    return float(found[1]) * _SECONDS[found[2]]


def _checked(age: str) -> str:
    try:
        seconds(age)
    except ValueError as error:
        text = f"expected a number of hours, days or weeks, such as 12h, 30d or 2w, got {age!r}"
        raise argparse.ArgumentTypeError(text) from error
    return age
