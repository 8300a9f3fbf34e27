"""What can go from a store: old, and wanted by nobody."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.entries import entries
from coralexp.artifacts.key_schema import KEY_SCHEMA
from coralexp.artifacts.leftovers import leftovers
from coralexp.artifacts.locks import held_if_free, holder_of
from coralexp.artifacts.uses import A_DAY_S, read_uses
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.leftovers import Leftover
    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.store import Store
    from coralexp.artifacts.uses import Uses


@dataclass(frozen=True)
class Removal:
    """One thing that went, or would.

    Attributes:
        kind: `entry`, or as `coralexp.artifacts.leftovers.Kind` says.
        name: Its path below the store.
        size_bytes: That it took.
        age_s: Since it was last made, used or written.
        trouble: Why it is still there; empty if it went.
    """

    kind: str
    name: str
    size_bytes: int
    age_s: float
    trouble: str = ""


@dataclass
class Pruned:
    """What pruning did.

    Attributes:
        removed: What went.
        skipped: What would have gone, but for its `trouble`.
        failed: Whether something could not be removed for want of permission and the like.
        used: Old entries that stay because runs refer to them.
        used_bytes: What those take.
        working: Runs at work, because of which no entry was removed.
    """

    removed: list[Removal] = field(default_factory=list)
    skipped: list[Removal] = field(default_factory=list)
    failed: bool = False
    used: int = 0
    used_bytes: int = 0
    working: Sequence[RunRecord] = ()


@dataclass
class Pruning:
    """Removes what is old.

    While a run works in the store no entry goes: which one it is about to take nobody else knows. A
    run of another machine counts as at work as long as its record is younger than what is to go.

    Attributes:
        store: Where.
        older_than_s: How long ago it was last made, or used by a run.
        keep_runs: Whether entries that any run refers to stay.
        dry_run: Whether nothing is removed, only told.
    """

    store: Store
    older_than_s: float
    keep_runs: bool = True
    dry_run: bool = False
    _uses: Uses = field(init=False)
    _records: int = field(default=0, init=False)  # the state of the folder of run records
    _pruned: Pruned = field(default_factory=Pruned, init=False)

    def __call__(self) -> Pruned:
        """Remove, and tell.

        Raises:
            StoreError: If the store cannot be written, or a run record cannot be read at all.
        """
        if not self.dry_run:
            self.store.check_writable()
        self._look_at_runs()
        found = entries(self.store)
        if not found and not (self.store.root / "locks").is_dir():
            return self._pruned  # no store: another folder, named by mistake, has logs as well
        for entry in found:
            self._entry(entry)
        for one in leftovers(self.store):
            self._leftover(one)
        with contextlib.suppress(OSError):  # it holds something, or there is none
            (self.store.root / "reproduced").rmdir()
        return self._pruned

    def _look_at_runs(self) -> bool:
        """Read the run records if any was written since; return whether it was so."""
        try:
            state = self.store.runs.folder.stat().st_mtime_ns
        except OSError:
            state = -1  # there are none
        if state == self._records:
            return False
        self._records = state
        self._uses = read_uses(self.store.runs)
        if self._uses.closed and self.keep_runs:
            raise StoreError(
                f"{self._uses.closed[0]}: cannot be read, so which entries its run uses is not "
                f"known; nothing more was removed. Make it readable, or add --no-keep-runs"
            )
        self._pruned.working = self._uses.at_work(max(self.older_than_s, A_DAY_S))
        return True

    def _entry(self, entry: Entry) -> None:
        used = [run.ended or run.started for run in self._uses.of(entry.key)]
        age_s = max(time.time() - max([entry.made, *used]), 0.0)
        removal = Removal("entry", entry.name, entry.size_bytes, age_s)
        if age_s < self.older_than_s:
            return
        if self.keep_runs and self._uses.refers_to(entry.key):
            self._pruned.used += 1
            self._pruned.used_bytes += entry.size_bytes
        elif entry.schema > KEY_SCHEMA:
            self._skip(removal, "a later version of coralexp made it")
        elif self._pruned.working:
            self._skip(removal, "a run is at work in this store")
        else:
            self._remove(removal, (entry.stage, entry.key), None)

    def _leftover(self, one: Leftover) -> None:
        if one.is_busy or (one.kind == "kept reproduction" and self.keep_runs):
            return
        age_s = max(time.time() - one.changed, 0.0)
        least_s = self.older_than_s
        if one.kind == "log" and self._pruned.working:
            least_s = max(least_s, A_DAY_S)  # a stage at work may be writing it
        if age_s >= least_s or one.is_over:
            name = one.path.relative_to(self.store.root).as_posix()
            removal = Removal(one.kind, name, one.size_bytes, age_s)
            self._remove(removal, (one.stage, one.key) if one.key else None, one.path)

    def _remove(self, removal: Removal, entry: tuple[str, str] | None, path: Path | None) -> None:
        """Remove an entry, or a path beside it, unless a process holds the lock of the entry."""
        try:
            if entry is None:
                self._delete(path)
            else:
                lock = self.store.lock(*entry)
                if self.dry_run and not lock.exists():  # nobody ever held it
                    self._pruned.removed.append(removal)
                    return
                with held_if_free(lock) as mine:
                    holder = holder_of(lock)
                    if not mine and not (self.dry_run and holder is None):
                        self._skip(removal, f"{holder or 'another process'} works on it")
                        return
                    if path is None and self._look_at_runs() and self._is_wanted(entry[1]):
                        self._skip(removal, "a run that has just begun may use it")
                        return
                    self._delete(path, entry)
        except (OSError, StoreError) as error:
            self._pruned.failed = True
            self._skip(removal, str(error))
        else:
            self._pruned.removed.append(removal)

    def _is_wanted(self, key: str) -> bool:
        kept = self.keep_runs and self._uses.refers_to(key)
        return kept or bool(self._pruned.working)

    def _delete(self, path: Path | None, entry: tuple[str, str] | None = None) -> None:
        if self.dry_run:
            return
        if path is None and entry is not None:
            self.store.remove(*entry)
        elif path is not None and path.is_dir():
            shutil.rmtree(path)
        elif path is not None:
            path.unlink(missing_ok=True)

    def _skip(self, removal: Removal, why: str) -> None:
        self._pruned.skipped.append(dataclasses.replace(removal, trouble=why))
