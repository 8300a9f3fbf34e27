"""`coralexp export-runs`: runs with all that they made, in one file for another store."""

from __future__ import annotations

import argparse
import hashlib
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.archive.manifest import wrong_tag
from coralexp.artifacts.archive.pack import pack
from coralexp.artifacts.store import Store
from coralexp.errors import ConfigError, Problem, UnknownRunError
from coralexp.pipeline.work import STAGES
from coralexp.report.quantities import size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord

_DESCRIPTION = """\
Write runs, with every artifact that they made, into one zip file that `coralexp import-runs` takes
into another store.

Without RUN_ID: all runs that finished. A RUN_ID is the id of a run or a sweep (which stands for its
runs), or as much of it as no other begins with. The file tells the names of this machine and of
the folders in the configurations."""
_EPILOG = """\
examples:
  coralexp export-runs 07.zip --tag student=7               everything that finished
  coralexp export-runs 07.zip 20261123-165012 --without dataset    one run; the images stay here
"""


def main(args: Sequence[str]) -> int:
    """Write an archive of runs.

    Args:
        args: Words behind `export-runs`.

    Returns:
        0.

    Raises:
        ArchiveError: If it would be larger than what can be taken.
        ConfigError: If a tag is none, or something is in the place of the file.
        StoreError: If an entry is gone or damaged, or the file cannot be written.
        UnknownRunError: If there is no such run, or one has not ended.
    """
    given = _parser().parse_intermixed_args(args)
    words = [word for word in given.runs if not word.startswith("store=")]
    stores = [word.removeprefix("store=") for word in given.runs if word.startswith("store=")]
    store = Store(Path(stores[-1] if stores else given.store))
    tags, problems = _tags(given.tag)
    if given.out.suffix != ".zip":
        problems.append(Problem("OUT", f"{given.out} has to end in .zip"))
    elif given.out.exists() and not given.force:
        problems.append(Problem("OUT", f"{given.out} is there already; --force replaces it"))
    if problems:
        raise ConfigError(problems)
    records = _chosen(store, words)
    taken = sorted({name for run in records for name in run.tags} & tags.keys())
    other = [run for run in records for name in taken if run.tags[name] != tags[name]]
    if other:
        text = f"run {other[0].id} has it already, with another value"
        raise ConfigError([Problem(f"--tag {taken[0]}", text)])
    manifest = pack(records, store, given.out, tags, given.without)
    runs = sum(run.kind == "run" for run in records)
    with given.out.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    told = f"{_count(runs, 'run')}, {_count(len(manifest.entries), 'artifact')}"
    sys.stdout.write(
        f"{given.out}: {told}, {size(given.out.stat().st_size)}, sha256 {digest[:16]}...\n"
    )
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp export-runs",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("out", type=Path, metavar="OUT.zip", help="file to write")
    parser.add_argument("runs", nargs="*", metavar="RUN_ID", help="which runs")
    parser.add_argument(
        "--tag",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="told of each run wherever it arrives: student=7",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        choices=STAGES,
        metavar="STAGE",
        help=f"leave the artifacts of a stage here: {', '.join(STAGES)}",
    )
    parser.add_argument("--force", action="store_true", help="replace the file if it is there")
    parser.add_argument(
        "--store",
        default=".coralexp",
        metavar="DIR",
        help="where the runs are recorded, also written store=DIR (default: %(default)s)",
    )
    return parser


def _tags(given: Sequence[str]) -> tuple[dict[str, str], list[Problem]]:
    tags: dict[str, str] = {}
    problems = []
    for word in given:
        name, equals, value = word.partition("=")
        reason = wrong_tag(name, value) if equals else "is written NAME=VALUE, such as student=7"
        if reason is None and name in tags:
            reason = "is given twice"
        if reason is not None:
            problems.append(Problem(f"--tag {ascii(word)[1:-1]}", reason))
        tags[name] = value
    return tags, problems


def _chosen(store: Store, words: Sequence[str]) -> list[RunRecord]:
    """Return the runs, each once, and the sweeps to which they belong."""
    known = {run.id: run for run in store.runs}
    if words:
        named = [store.runs.find(word) for word in words]
    else:
        named = [run for run in known.values() if run.kind == "run" and run.state == "FINISHED"]
        if not named:
            raise UnknownRunError(f"{store.runs.folder}: no run has finished yet")
    chosen: dict[str, RunRecord] = {}
    for record in named:
        if record.kind == "sweep":
            its = [run for run in known.values() if run.sweep == record.id or run.id in record.jobs]
            chosen |= {run.id: run for run in its if run.kind == "run"}
        chosen[record.id] = record
    for record in list(chosen.values()):
        parent = known.get(record.sweep or "")
        if parent is not None and parent.state != "RUNNING":
            chosen[parent.id] = parent
    working = [run.id for run in chosen.values() if run.state == "RUNNING"]
    if working:
        raise UnknownRunError(f"run {working[0]}: has not ended yet")
    return list(chosen.values())


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'s' * (number != 1)}"
