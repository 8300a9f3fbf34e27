"""`coralexp import-runs`: runs that were made elsewhere enter this store."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.archive.unpack import Taken, take
from coralexp.artifacts.store import Store
from coralexp.errors import ArchiveError, ConfigError, Problem
from coralexp.pipeline.work import STAGES
from coralexp.spec.experiment import GROUPS

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Take runs, with their artifacts, that `coralexp export-runs` wrote elsewhere. They are then shown,
compared, exported and reproduced like those made here; MLflow gets them with `coralexp ui` or the
next job. Taking a file twice adds nothing.

A file is taken whole or refused whole, with the reason; the others are still taken. It is checked
that every artifact is the one that was exported, under the key that its ingredients make. That
does not make it honest. So jobs of this store never build on an artifact that came from elsewhere,
but make their own, and say so if it has other bits."""
_EPILOG = """\
examples:
  coralexp import-runs hand-ins/*.zip
  coralexp compare --tag student        all runs that have the tag, side by side
"""


def main(args: Sequence[str]) -> int:
    """Take archives of runs.

    Args:
        args: Words behind `import-runs`.

    Returns:
        0, or 1 if a file was refused.

    Raises:
        ConfigError: If there is no such file.
        StoreError: If the store cannot be written.
    """
    given = _parser().parse_intermixed_args(args)
    words = [word for word in given.files if not word.startswith("store=")]
    stores = [word.removeprefix("store=") for word in given.files if word.startswith("store=")]
    store = Store(Path(stores[-1] if stores else given.store))
    missing = [
        Problem("", f"{word}: there is no such file") for word in words if not Path(word).exists()
    ]
    if missing or not words:
        raise ConfigError(missing or [Problem("", "name the files to take")])
    refused = runs = known = 0
    for word in words:
        try:
            taken = take(Path(word), store, stages=STAGES, groups=GROUPS, trust=given.trust)
        except ArchiveError as error:
            sys.stdout.flush()
            sys.stderr.write(f"coralexp: {word}: refused, nothing of it was taken: {error}\n")
            refused += 1
            continue
        runs += sum(run.kind == "run" for run in taken.runs)
        known += taken.known
        sys.stdout.writelines(f"{line}\n" for line in _lines(word, taken))
    if len(words) > 1:
        total = f"{_count(len(words), 'file')}: {_count(runs, 'new run')}"
        sys.stdout.write(f"{total}{f', {refused} refused' * bool(refused)}\n")
    if runs:
        sys.stdout.write("MLflow shows them after `coralexp ui`, or with the next job\n")
    return int(refused > 0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp import-runs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("files", nargs="+", metavar="FILE.zip", help="what export-runs wrote")
    parser.add_argument(
        "--trust",
        action="store_true",
        help="let jobs of this store build on these artifacts, as on their own; a trained model is "
        "a program to TensorFlow, so this is for files that you made yourself",
    )
    parser.add_argument(
        "--store",
        default=".coralexp",
        metavar="DIR",
        help="where to take them, also written store=DIR (default: %(default)s)",
    )
    return parser


def _lines(name: str, taken: Taken) -> list[str]:
    """Return what to tell of a file."""
    runs = sum(run.kind == "run" for run in taken.runs)
    tags = "".join(f", {tag}={value}" for tag, value in taken.tags.items())
    if not taken.runs and not taken.entries:
        return [f"{name}: nothing new, {_before(taken.known)}"]
    before = f" ({_before(taken.known)})" * bool(taken.known)
    told = f"{_count(runs, 'run')}, {_count(taken.entries, 'artifact')}"
    lines = [f"{name}: {told}{before}{tags}"]
    return lines + [
        f"note: {name}: {entry} was here before with other content, which stays"
        for entry in taken.differing
    ]


def _before(known: int) -> str:
    return f"{_count(known, 'record')} {'was' if known == 1 else 'were'} here before"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
