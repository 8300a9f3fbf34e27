"""Which runs use which entries: what may not be taken away unasked."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.record import from_json
from coralexp.artifacts.runs import is_abandoned

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.runs import Runs

A_DAY_S = 24 * 3600.0
_KEY = re.compile(r"(?<![0-9a-f])[0-9a-f]{20}(?![0-9a-f])")


@dataclass(frozen=True)
class Uses:
    """Who uses what.

    Attributes:
        runs: Keys to the runs that refer to them, oldest first.
        working: Runs and sweeps that say so and whose process is not known to be gone, each with
            the time when its record was written, seconds since 1970.
        unreadable: Files among the run records that are none, or of a newer version.
        mentioned: Keys that those files mention: what they refer to as well.
        closed: Files that not even their text could be had of: what they refer to is not known.
    """

    runs: Mapping[str, Sequence[RunRecord]]
    working: Sequence[tuple[RunRecord, float]]
    unreadable: Sequence[Path]
    mentioned: frozenset[str]
    closed: Sequence[Path]

    def of(self, key: str) -> Sequence[RunRecord]:
        """Return the runs that refer to an entry, oldest first."""
        return self.runs.get(key, ())

    def at_work(self, silent_s: float = A_DAY_S) -> list[RunRecord]:
        """Return the runs and sweeps that are at work, as far as can be told from here.

        Args:
            silent_s: How long those of other machines count without a word of them.
        """
        here, now = socket.gethostname(), time.time()
        return [r for r, written in self.working if r.host == here or now - written < silent_s]

    def refers_to(self, key: str) -> bool:
        """Return whether any run record refers to an entry, readable or not."""
        return key in self.runs or key in self.mentioned


def read_uses(runs: Runs) -> Uses:
    """Return who uses what, by the run records of a store."""
    found: dict[str, list[RunRecord]] = {}
    working: list[tuple[RunRecord, float]] = []
    unreadable: list[Path] = []
    closed: list[Path] = []
    mentioned: set[str] = set()
    for path in sorted(runs.folder.glob("*.json")):
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
            written = path.stat().st_mtime
        except FileNotFoundError:
            continue
        except OSError:
            closed.append(path)
            continue
        try:
            record = from_json(text)
        except ValueError:
            unreadable.append(path)
            mentioned |= set(_KEY.findall(text))
            continue
        if record.state == "RUNNING" and not is_abandoned(record):
            working.append((record, written))
        for stage in record.stages.values():
            found.setdefault(stage.key, []).append(record)
    return Uses(found, working, unreadable, frozenset(mentioned), closed)
