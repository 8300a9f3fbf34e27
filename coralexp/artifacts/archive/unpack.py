"""An archive of runs enters a store: whole, or not at all."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.adopt import adopt
from coralexp.artifacts.archive.limits import LIMITS
from coralexp.artifacts.archive.manifest import MANIFEST, MAX_MANIFEST_BYTES, Manifest, from_json
from coralexp.artifacts.archive.members import inner_archive, opened
from coralexp.artifacts.drafts import new_draft
from coralexp.artifacts.plain_json import holds_control_characters
from coralexp.artifacts.sameness import lasting_digests
from coralexp.artifacts.store import INGREDIENTS, RECORD, EntryRecord, Store
from coralexp.errors import ArchiveError, StoreError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from coralexp.artifacts.archive.limits import Limits
    from coralexp.artifacts.archive.manifest import PackedEntry
    from coralexp.artifacts.archive.members import Members
    from coralexp.artifacts.record import RunRecord

FOLDER = "imports"
OTHER_BITS = "other_bits_here"  # tag: entries of the run that this store has with other content
_SHOWN = ("contract.json", "labels.txt")  # files whose words a terminal gets to see
_INNER = (".npz", ".zip", ".keras")


@dataclass
class Taken:
    """What came of one archive.

    Attributes:
        runs: Records that are new in the store.
        known: How many were there before.
        entries: How many entries are new.
        tags: That were given to the new runs.
        differing: Entries that are there already with other content, which stays.
    """

    runs: list[RunRecord] = field(default_factory=list)
    known: int = 0
    entries: int = 0
    tags: dict[str, str] = field(default_factory=dict)
    differing: list[str] = field(default_factory=list)


def take(
    path: Path,
    store: Store,
    *,
    stages: Sequence[str],
    groups: Sequence[str],
    trust: bool = False,
    limits: Limits = LIMITS,
) -> Taken:
    """Bring the runs of an archive into a store.

    Everything is read and compared first. What is there already stays: a run with the same
    id, an entry with the same key.

    Args:
        path: The archive.
        store: Where to.
        stages: Names that a stage may have.
        groups: What a stored configuration chooses.
        trust: Whether later jobs may build on these entries as on those that were made here.
        limits: The most that is unpacked.

    Raises:
        ArchiveError: If anything in it is not as it must be; nothing of it was taken then.
        StoreError: If the store cannot be written.
    """
    with opened(path, limits) as members:
        manifest = _manifest(members, stages, groups)
        known = {run.id: run for run in store.runs}
        for run in manifest.runs:
            if run.id in known and _told(known[run.id]) != _told(run):
                raise ArchiveError(f"run {run.id}: is here already, and was told otherwise")
        new = [run for run in manifest.runs if run.id not in known]
        taken = Taken(known=len(manifest.runs) - len(new), tags=dict(manifest.tags))
        if not new and all(_has(store, entry) for entry in manifest.entries):
            return taken
        _require_room(store, sum(members.sizes.values()))
        with _draft(store) as folder:
            for entry in manifest.entries:
                _unpack(members, entry, folder, None if trust else path.name, limits)
            _enter(manifest, new, store, folder, path.name, taken)
    return taken


def _manifest(members: Members, stages: Sequence[str], groups: Sequence[str]) -> Manifest:
    """Return what an archive says that it holds, once that is what it holds."""
    if MANIFEST not in members.sizes:
        raise ArchiveError(f"holds no {MANIFEST}: it was not written by `coralexp export-runs`")
    manifest = from_json(members.read(MANIFEST, MAX_MANIFEST_BYTES), stages, groups)
    told = {
        entry.member(name): file.size_bytes
        for entry in manifest.entries
        for name, file in entry.files.items()
    }
    there = {name: size for name, size in members.sizes.items() if name != MANIFEST}
    for name in sorted(told.keys() - there.keys()):
        raise ArchiveError(f"{name}: is missing")
    for name in sorted(there.keys() - told.keys()):
        raise ArchiveError(f"{name}: the manifest does not know it")
    for name, size in told.items():
        if there[name] != size:
            raise ArchiveError(f"{name}: has {there[name]} bytes; the manifest says {size}")
    return manifest


def _told(run: RunRecord) -> dict[str, object]:
    """Return what a run says of itself wherever it lies."""
    bare = dataclasses.replace(
        run, tags={}, mlflow_uri=None, mlflow_run_id=None, logged=False, imported=None
    )
    fields: dict[str, object] = json.loads(bare.to_json())
    return fields


def _has(store: Store, entry: PackedEntry) -> bool:
    return store.is_whole(entry.stage, entry.key)


def _require_room(store: Store, size_bytes: int) -> None:
    store.check_writable()
    free = shutil.disk_usage(store.root).free
    if size_bytes > free:
        raise StoreError(f"{store.root}: {size_bytes} bytes are needed, and {free} are free")


@contextlib.contextmanager
def _draft(store: Store) -> Generator[Path]:
    """Make an empty folder on the store's disk; it is gone afterwards, also after a kill."""
    folder = store.root / FOLDER
    try:
        folder.mkdir(exist_ok=True)
        draft = new_draft(folder / "archive")
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror})") from error
    try:
        yield draft
    except OSError as error:
        raise StoreError(f"{folder}: cannot be written ({error.strerror or error})") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
        with contextlib.suppress(OSError):  # another process imports, too
            folder.rmdir()


def _unpack(
    members: Members, entry: PackedEntry, root: Path, imported: str | None, limits: Limits
) -> None:
    """Write an entry as its store had it, every file compared with its digest."""
    folder = root / entry.stage / entry.key
    folder.mkdir(parents=True)
    for name, told in entry.files.items():
        file = folder / name
        members.unpack(entry.member(name), file, told.size_bytes, told.sha256)
        if file.suffix in _INNER and (reason := inner_archive(file, limits)):
            raise ArchiveError(f"{entry.member(name)}: {reason}")
        if file.name in _SHOWN and not _can_be_shown(file):
            raise ArchiveError(f"{entry.member(name)}: holds control characters, or no text")
    digests = {name: told.sha256 for name, told in sorted(entry.files.items())}
    record = EntryRecord(entry.made_in_s, entry.peak_memory_bytes, digests, imported)
    (folder / INGREDIENTS).write_text(json.dumps(entry.ingredients, indent=1, sort_keys=True))
    (folder / RECORD).write_text(record.to_json())


def _can_be_shown(file: Path) -> bool:
    try:
        text = file.read_text("utf-8")
        content = json.loads(text) if file.suffix == ".json" else text
        return not holds_control_characters(content)
    except (ValueError, RecursionError):
        return False


def _enter(  # noqa: PLR0917 - all that is known by now
    manifest: Manifest,
    new: Sequence[RunRecord],
    store: Store,
    folder: Path,
    name: str,
    taken: Taken,
) -> None:
    """Put the entries in place, then the records that speak of them: sweeps first."""
    draft = Store(folder)
    for entry in manifest.entries:
        its = lasting_digests(draft, entry.stage, entry.key)
        if adopt(draft.path(entry.stage, entry.key), store, entry.stage, entry.key):
            taken.entries += 1
        elif lasting_digests(store, entry.stage, entry.key) != its:
            taken.differing.append(f"{entry.stage}/{entry.key}")
    for run in sorted(new, key=lambda run: run.kind == "run"):
        run.imported = name
        run.tags |= manifest.tags
        other = [
            place
            for stage, made in run.stages.items()
            if (place := f"{stage}/{made.key}") in taken.differing
        ]
        if other:
            run.tags[OTHER_BITS] = ", ".join(other)
        store.runs.save(run)
        taken.runs.append(run)
