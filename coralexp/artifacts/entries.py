"""The entries of a store, looked at one by one, and found by the beginning of a key."""

from __future__ import annotations

import contextlib
import json
import re
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.key_schema import schema_of
from coralexp.artifacts.store import INGREDIENTS, RECORD
from coralexp.errors import UnknownEntryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.record import Json
    from coralexp.artifacts.store import EntryRecord, Store

KEY = re.compile(r"[0-9a-f]{20}")
# In the order of the work; a stage that is not among them comes behind.
STAGES = (
    "dataset",
    "features",
    "train",
    "reference",
    "compress",
    "qat",
    "convert",
    "evaluate",
    "fidelity",
    "compile",
    "measure",
)
NO_STAGES = frozenset({"jobs", "locks", "logs", "reproduced", "runs", "seals", "sweeps"})
_SHOWN = 5


@dataclass(frozen=True)
class Entry:
    """What is known of one entry without reading its files.

    Attributes:
        stage: That made it.
        key: Its name.
        folder: Where it is.
        size_bytes: Of all its files.
        made: When it was put in place, seconds since 1970.
        record: How it was made; None if that cannot be read.
        ingredients: What was hashed into the key; empty if that cannot be read.
    """

    stage: str
    key: str
    folder: Path
    size_bytes: int
    made: float
    record: EntryRecord | None = None
    ingredients: Mapping[str, Json] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Stage and key, as a path below the store."""
        return f"{self.stage}/{self.key}"

    @property
    def schema(self) -> int:
        """Schema of its ingredients, see `coralexp.artifacts.key_schema`."""
        return schema_of(self.ingredients)

    @property
    def after(self) -> Mapping[str, str]:
        """Stages before it to the keys of the entries that it was made from."""
        after = self.ingredients.get("after")
        return {k: str(v) for k, v in after.items()} if isinstance(after, dict) else {}

    def age_s(self, now: float | None = None) -> float:
        """Return how long ago it was made; 0 if a clock says that it is still to be."""
        return max((time.time() if now is None else now) - self.made, 0.0)


def entries(store: Store) -> list[Entry]:
    """Return every entry, in the order of the stages, the newest of each stage first.

    Drafts, checkpoints and what is no entry at all are passed over.
    """
    found: list[Entry] = []
    for stage in stages(store):
        made = [_look_at(store, stage, path.name) for path in (store.root / stage).iterdir()]
        found += sorted((e for e in made if e), key=lambda entry: (-entry.made, entry.key))
    return found


def stages(store: Store) -> list[str]:
    """Return the stages of which a store has a folder, in the order of the work."""
    try:
        names = {path.name for path in store.root.iterdir() if path.is_dir()}
    except OSError:
        return []
    names = {name for name in names - NO_STAGES if not name.startswith(".")}
    return [stage for stage in STAGES if stage in names] + sorted(names - {*STAGES})


def find_entry(known: Sequence[Entry], word: str) -> Entry:
    """Return the only entry whose key begins so; `stage/` may stand before it.

    Raises:
        UnknownEntryError: If there is none, or more than one.
    """
    stage, _, start = word.strip("/").rpartition("/")
    stage = stage.rpartition("/")[2]  # a path into the store will do
    found = [e for e in known if e.key.startswith(start.lower()) and stage in {"", e.stage}]
    if not start or not found:
        raise UnknownEntryError(
            f"key {word!r}: no entry of the store begins so; `coralexp store list` shows them"
        )
    if len(found) > 1:
        more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
        names = "".join(f"\n  {entry.name}" for entry in found[:_SHOWN])
        raise UnknownEntryError(
            f"key {word!r}: {len(found)} entries begin so; write more of it:{names}{more}"
        )
    return found[0]


def ingredients_in(folder: Path) -> dict[str, Json]:
    """Return what was hashed into the key of an entry; nothing if that cannot be read."""
    try:
        read = json.loads((folder / INGREDIENTS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def size_of(path: Path) -> int:
    """Return the bytes of a file, or of all files below a folder; those that vanish count 0."""
    return sum(size for size, _ in _files(path))


def last_change(path: Path) -> float:
    """Return when a file, or the latest file below a folder, was written; seconds since 1970."""
    return max((changed for _, changed in _files(path)), default=0.0)


def _files(path: Path) -> Iterator[tuple[int, float]]:
    """Yield size and time of every file; of a folder the time too, for it may be empty."""
    for file in (path, *path.rglob("*")):
        with contextlib.suppress(OSError):
            stat = file.lstat()
            yield (0 if file.is_dir() else stat.st_size), stat.st_mtime


def _look_at(store: Store, stage: str, key: str) -> Entry | None:
    folder = store.path(stage, key)
    if not KEY.fullmatch(key) or not folder.is_dir():
        return None
    try:
        made = max(path.stat().st_mtime for path in _dated(folder))
    except OSError:
        return None  # taken away meanwhile
    record = store.record(stage, key)
    return Entry(stage, key, folder, size_of(folder), made, record, ingredients_in(folder))


def _dated(folder: Path) -> list[Path]:
    record = folder / RECORD
    return [record] if record.is_file() else [folder]
