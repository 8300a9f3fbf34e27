"""Several observers as one."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import RunRecord
    from coralexp.pipeline.observer import Observer


@dataclass(frozen=True)
class Audience:
    """Tells each of its observers, in their order: one thing at a time, from whichever thread.

    Attributes:
        observers: Who is told.
    """

    observers: Sequence[Observer]
    _turn: threading.RLock = field(default_factory=threading.RLock, init=False, compare=False)

    def sweep_started(self, sweep: RunRecord, jobs: int) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.sweep_started(sweep, jobs)

    def run_started(self, run: RunRecord) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.run_started(run)

    def stage_started(self, run: RunRecord, stage: str) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.stage_started(run, stage)

    def stage_progressed(self, run: RunRecord, stage: str, step: Step) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.stage_progressed(run, stage, step)

    def stage_finished(self, run: RunRecord, stage: str, entry: Path) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.stage_finished(run, stage, entry)

    def run_finished(self, run: RunRecord) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.run_finished(run)

    def sweep_finished(self, sweep: RunRecord) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.sweep_finished(sweep)

    def noted(self, text: str) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.noted(text)

    def close(self) -> None:
        """Pass it on."""
        with self._turn:
            for observer in self.observers:
                observer.close()
