"""A job made again beside its first making: nothing is taken from the store, nothing replaced."""

from __future__ import annotations

import contextlib
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.adopt import adopt
from coralexp.artifacts.drafts import new_draft
from coralexp.artifacts.expected import expectation
from coralexp.artifacts.sameness import lasting_digests
from coralexp.artifacts.store import Store
from coralexp.artifacts.unwritable import unwritable
from coralexp.errors import StoreError
from coralexp.pipeline.comparison import Comparison, compare
from coralexp.pipeline.execute import execute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from coralexp.artifacts.expected import ExpectedJob
    from coralexp.artifacts.record import RunRecord
    from coralexp.pipeline.observer import Observer
    from coralexp.spec.experiment import Request

FOLDER = "reproduced"
LINK = "reproduces"  # tag: id of the run that was made again
_MADE = "made"
VERDICT = "reproduction"  # tag: how the two compare


@dataclass(frozen=True)
class Reproduced:
    """A job that was made again.

    Attributes:
        record: Of the new run.
        expected: What the earlier one gave.
        comparison: How they compare; None if the new run failed.
    """

    record: RunRecord
    expected: ExpectedJob
    comparison: Comparison | None


def reproduce(
    request: Request,
    expected: Sequence[ExpectedJob],
    store: Store,
    observer: Observer,
    line: Sequence[str],
) -> list[Reproduced]:
    """Make every stage of some jobs again in an empty store, compare, and keep what is new.

    Entries that the store lacks are moved into it. Where it has one of the same key already, that
    one stays; if the new one has other bits, it is kept in `store / reproduced`, and the observer
    hears where.

    Args:
        request: The jobs; each has its expectation.
        expected: What they gave before, in the order of the jobs.
        store: Where the new runs and entries end up.
        observer: Hears of everything.
        line: What the user wrote.

    Raises:
        StoreError: If the store cannot be written.
    """
    store.check_writable()
    store.clear_drafts()
    store.runs.close_abandoned()
    scratch = Store(_scratch(store))
    finished = False
    try:
        records = execute(request, scratch, observer, line)
        scratch = _settled(scratch)
        finished = True
        pairs = zip(records, expected, strict=False)  # fewer, after on_error=stop
        made = [_judge(record, before, scratch) for record, before in pairs]
        for one in made:
            _keep(one.record, scratch, store, observer)
        for record in scratch.runs:
            if record.kind == "sweep":
                store.runs.save(record)
    finally:
        if not finished:
            _remember(scratch, store)
        _clear(scratch.root, everything=not finished)
    return made


def _scratch(store: Store) -> Path:
    folder = store.root / FOLDER
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return new_draft(folder / _MADE)  # removed at the next start, if this process is killed
    except OSError as error:
        raise unwritable(folder, error) from error


def _settled(scratch: Store) -> Store:
    """Give the store of what was made a name that lasts: somebody may look at what is in it."""
    name = f"{_MADE}-{scratch.root.name.rpartition('.')[2]}"
    try:
        return Store(scratch.root.rename(scratch.root.with_name(name)))
    except OSError as error:
        raise unwritable(scratch.root.parent, error) from error


def _remember(scratch: Store, store: Store) -> None:
    """Keep the records of runs that were ended before there was a verdict."""
    for record in scratch.runs:
        with contextlib.suppress(StoreError):
            store.runs.save(record)


def _judge(record: RunRecord, before: ExpectedJob, scratch: Store) -> Reproduced:
    if before.run:
        record.tags[LINK] = before.run
    if record.state != "FINISHED":
        record.tags[VERDICT] = "failed"
        return Reproduced(record, before, None)
    comparison = compare(before, expectation(record, scratch))
    record.tags[VERDICT] = comparison.verdict
    return Reproduced(record, before, comparison)


def _keep(record: RunRecord, scratch: Store, store: Store, observer: Observer) -> None:
    """Bring a run and its entries into the store."""
    for stage, made in record.stages.items():
        folder = scratch.path(stage, made.key)
        if not folder.is_dir():  # moved already, for an earlier job
            continue
        new = lasting_digests(scratch, stage, made.key)
        if not adopt(folder, store, stage, made.key):
            if lasting_digests(store, stage, made.key) == new:
                shutil.rmtree(folder, ignore_errors=True)
            else:
                observer.noted(
                    f"store: {stage}/{made.key} stays as it was; what was made now has other bits, "
                    f"and is kept in {folder}"
                )
    store.runs.save(record)


def _clear(root: Path, *, everything: bool) -> None:
    """Remove what is left: all of it, or all but entries and logs that somebody may look at."""
    if everything:
        shutil.rmtree(root, ignore_errors=True)
    else:
        for name in ("runs", "locks", "seals"):
            shutil.rmtree(root / name, ignore_errors=True)
        for folder in _folders(root):
            with contextlib.suppress(OSError):  # it holds something
                folder.rmdir()
    with contextlib.suppress(OSError):
        root.parent.rmdir()


def _folders(root: Path) -> Iterator[Path]:
    """Yield the folders of stages, then that of all; files at the top belong to nobody."""
    for path in list(root.iterdir()):
        if path.is_dir():
            yield path
        else:
            path.unlink(missing_ok=True)
    yield root
