"""The store: what a stage made once is there for every later run.

    store / <stage> / <key> /    the files of the stage, and
                                 ingredients.json   what was hashed into the key
                                 record.json        seconds, memory, digest of every file
    store / runs / <id>.json     what each run asked and got
    store / locks, seals, logs   who makes what now; which files were checked; what stages printed

An entry is whole or absent, also after a process was killed.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import tempfile
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.drafts import abandoned_drafts, new_draft, put_in_place, take_away
from coralexp.artifacts.runs import Runs
from coralexp.artifacts.seals import is_sealed, seal, state_of, unseal
from coralexp.artifacts.unwritable import unwritable
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from coralexp.artifacts.record import Json, RunRecord

RECORD = "record.json"
INGREDIENTS = "ingredients.json"
_PROBE_BYTES = 1 << 16  # a run's records and seals take less


def key_of(ingredients: Mapping[str, Json]) -> str:
    """Return the key that these ingredients decide: 20 hexadecimal digits of a SHA-256.

    Equal ingredients give equal keys whatever the order of their names.
    """
    text = json.dumps(ingredients, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:20]


def file_digests(folder: Path) -> dict[str, str]:
    """Return the SHA-256 of every file below a folder, by relative name with forward slashes."""
    return {
        path.relative_to(folder).as_posix(): _sha256(path)
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path not in {folder / RECORD, folder / INGREDIENTS}
    }


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass(frozen=True)
class EntryRecord:
    """How an entry came to be.

    Attributes:
        made_in_s: Wall time of the work.
        peak_memory_bytes: Largest resident memory of the process that did it; None if unknown.
        digests: SHA-256 of every file, by relative name.
        imported: Name of the file that brought it from another store; None if it was made here. Its
            digests say that it is what was exported there, not that it is honest.
    """

    made_in_s: float
    peak_memory_bytes: int | None
    digests: Mapping[str, str]
    imported: str | None = None

    def to_json(self) -> str:
        """Return the file's text."""
        fields = {name: value for name, value in vars(self).items() if name != "imported"}
        return json.dumps(fields if self.imported is None else vars(self), indent=1, sort_keys=True)


@dataclass(frozen=True)
class Store:
    """Content-addressed artifacts: `root / stage / key`.

    An entry appears in one step, when it is complete; it is never changed after.

    Attributes:
        root: Folder; made when the first entry is.
    """

    root: Path

    @property
    def runs(self) -> Runs:
        """The run records."""
        return Runs(self.root / "runs")

    def path(self, stage: str, key: str) -> Path:
        """Return where an entry is, or would be."""
        return self.root / stage / key

    def check_writable(self) -> None:
        """Make sure that entries can be made.

        Raises:
            StoreError: If the folder cannot be made or written.
        """
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.root) as file:
                file.write(bytes(_PROBE_BYTES))  # a full disk takes empty files
                file.flush()
        except OSError as error:
            error.filename = None  # a name that nobody gave
            raise unwritable(f"store={self.root}", error) from error

    def entry_of(self, run: RunRecord, *stages: str) -> Path:
        """Return the entry of the first of these stages that a run had.

        Raises:
            StoreError: If it had none of them, or its entry is no longer there.
        """
        for stage in stages:
            made = run.stages.get(stage)
            if made is not None and self.record(stage, made.key) is None:
                raise StoreError(
                    f"run {run.id}: its {stage} entry is no longer in {self.root}; "
                    f"`coralexp reproduce {run.id}` makes it again"
                )
            if made is not None:
                return self.path(stage, made.key)
        raise StoreError(f"run {run.id} has no model: it is a {run.kind} that {run.state}")

    def record(self, stage: str, key: str) -> EntryRecord | None:
        """Return how an entry was made; None if there is no complete one."""
        try:
            fields = json.loads((self.path(stage, key) / RECORD).read_text())
            return EntryRecord(
                fields["made_in_s"],
                fields["peak_memory_bytes"],
                fields["digests"],
                fields.get("imported"),
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def damage(self, stage: str, key: str) -> list[str]:
        """Return the names of the files of an entry that are missing or not as they were made."""
        record = self.record(stage, key)
        if record is None:
            return [RECORD]
        found = file_digests(self.path(stage, key))
        changed = {
            name
            for name in record.digests.keys() | found.keys()
            if record.digests.get(name) != found.get(name)
        }
        try:
            told = key_of(json.loads((self.path(stage, key) / INGREDIENTS).read_text()))
        except (OSError, ValueError):
            told = None
        return sorted(changed if told == key else {*changed, INGREDIENTS})

    def is_whole(self, stage: str, key: str) -> bool:
        """Return whether every file of an entry is as it was made; reads them if they changed."""
        if self.record(stage, key) is None:
            return False
        if is_sealed(self.root, stage, key):
            return True
        try:
            state = state_of(self.path(stage, key))
        except OSError:
            return False
        whole = not self.damage(stage, key)
        if whole:
            seal(self.root, stage, key, state)
        return whole

    def remove(self, stage: str, key: str) -> None:
        """Remove an entry in one step.

        Raises:
            StoreError: If it cannot be.
        """
        entry = self.path(stage, key)
        unseal(self.root, stage, key)
        try:
            if entry.is_dir():
                take_away(entry)
        except OSError as error:
            raise unwritable(entry.parent, error) from error

    def lock(self, stage: str, key: str) -> Path:
        """Return the file of the lock that is held while an entry is made."""
        return self.root / "locks" / stage / f"{key}.lock"

    def clear_drafts(self) -> int:
        """Remove what processes of this machine left half made when they were killed.

        The run records of one that was a store itself, as for a reproduction, enter this one.

        Returns:
            How many there were.
        """
        left = abandoned_drafts(self.root)
        for draft in left:
            for record in Runs(draft / "runs"):
                with contextlib.suppress(StoreError):
                    self.runs.save(record)
            shutil.rmtree(draft, ignore_errors=True)
        return len(left)

    def make(
        self,
        stage: str,
        ingredients: Mapping[str, Json],
        write: Callable[[Path], int | None],
    ) -> Path:
        """Write an entry and put it in place, instead of any that is there.

        Args:
            stage: Name of the stage.
            ingredients: Everything that decides the entry.
            write: Fills an empty folder; returns the peak memory of its work in bytes, if known.

        Returns:
            The entry's folder: whole, whatever happens meanwhile.

        Raises:
            StoreError: If the disk is full or the store cannot be written.
        """
        key = key_of(ingredients)
        entry = self.path(stage, key)
        draft: Path | None = None
        try:
            entry.parent.mkdir(parents=True, exist_ok=True)
            draft = new_draft(entry)
            draft.chmod(0o755)  # mkdtemp's 0700 would shut out those who share the store
            start = time.monotonic()
            peak = write(draft)
            unseal(self.root, stage, key)
            record = EntryRecord(time.monotonic() - start, peak, file_digests(draft))
            (draft / INGREDIENTS).write_text(json.dumps(ingredients, indent=1, sort_keys=True))
            (draft / RECORD).write_text(record.to_json())
            state = state_of(draft)
            put_in_place(draft, entry)
            seal(self.root, stage, key, state)
        except OSError as error:
            raise unwritable(entry.parent, error) from error
        finally:
            if draft is not None:
                shutil.rmtree(draft, ignore_errors=True)
        return entry
