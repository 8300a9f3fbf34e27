"""What lies in a store besides entries: half made, kept aside, or told by a stage that failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.drafts import abandoned_drafts
from coralexp.artifacts.entries import KEY, entries, last_change, size_of, stages
from coralexp.artifacts.runs import Runs
from coralexp.artifacts.store import Store
from coralexp.artifacts.uses import read_uses

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Kind = Literal["checkpoint", "draft", "killed reproduction", "kept reproduction", "log"]
PLURALS: dict[Kind, str] = {
    "checkpoint": "checkpoints of unfinished trainings",
    "draft": "drafts",
    "killed reproduction": "reproductions that were killed or are under way",
    "kept reproduction": "reproductions kept for their other bits",
    "log": "logs of stages",
}
_CHECKPOINT = ".resume"


@dataclass(frozen=True)
class Leftover:
    """A file or folder that is no entry.

    Attributes:
        kind: What it is.
        path: Where it is.
        size_bytes: Of all its files.
        changed: When anything in it was last written, seconds since 1970.
        stage: Of the entry that it belongs to; empty if it belongs to none.
        key: Of that entry.
        is_over: Whether nobody needs it any more, however young it is.
        is_busy: Whether a process is at work in it, as far as can be told from here.
    """

    kind: Kind
    path: Path
    size_bytes: int
    changed: float
    stage: str = ""
    key: str = ""
    is_over: bool = False
    is_busy: bool = False


def leftovers(store: Store) -> list[Leftover]:
    """Return everything in a store that is neither entry nor record, nor kept in order by others.

    Run records, locks and seals are not among it.
    """
    return [*_beside_entries(store), *_reproductions(store), *_logs(store)]


def _beside_entries(store: Store) -> Iterator[Leftover]:
    abandoned = set(abandoned_drafts(store.root))
    for stage in stages(store):
        for path in sorted((store.root / stage).glob(".*")):
            key = path.name.removeprefix(".").partition(".")[0]
            if not KEY.fullmatch(key):
                continue
            size, changed = size_of(path), last_change(path)
            if path.name.startswith(f".{key}{_CHECKPOINT}"):
                over = store.record(stage, key) is not None
                yield Leftover("checkpoint", path, size, changed, stage, key, is_over=over)
            elif path.is_dir():
                over = path in abandoned
                yield Leftover("draft", path, size, changed, stage, key, is_over=over)


def _reproductions(store: Store) -> Iterator[Leftover]:
    """Yield the stores of reproductions; one that came to its end has no run records left."""
    for path in sorted((store.root / "reproduced").glob("made-*")):
        size, changed = size_of(path), last_change(path)
        ended = any(path.iterdir()) and not (path / "runs").is_dir()
        if ended and entries(Store(path)):
            yield Leftover("kept reproduction", path, size, changed)
        else:  # of one that ended with the same bits only empty locks can be left
            busy = bool(read_uses(Runs(path / "runs")).at_work())
            kind: Kind = "killed reproduction"
            yield Leftover(kind, path, size, changed, is_over=ended, is_busy=busy)


def _logs(store: Store) -> Iterator[Leftover]:
    for path in sorted((store.root / "logs").glob("tmp*.log")):
        if path.is_file():
            yield Leftover("log", path, size_of(path), last_change(path))
