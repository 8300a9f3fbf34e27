"""Who is told what happens: observers hear of runs and stages; they never influence one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import RunRecord


class Observer(Protocol):
    """Hears of each run and stage, one thing at a time; of several jobs, from several threads."""

    def sweep_started(self, sweep: RunRecord, jobs: int) -> None:
        """Hear that several jobs follow."""

    def run_started(self, run: RunRecord) -> None:
        """Hear that a job begins; `run.number` counts from 0."""

    def stage_started(self, run: RunRecord, stage: str) -> None:
        """Hear that a stage begins to make its artifact."""

    def stage_progressed(self, run: RunRecord, stage: str, step: Step) -> None:
        """Hear how far a stage is."""

    def stage_finished(self, run: RunRecord, stage: str, entry: Path) -> None:
        """Hear that the artifact of a stage is in place; `run.stages[stage]` says how it came."""

    def run_finished(self, run: RunRecord) -> None:
        """Hear that a job ended, in whatever state."""

    def sweep_finished(self, sweep: RunRecord) -> None:
        """Hear that no further job follows."""

    def noted(self, text: str) -> None:
        """Hear a line that the user should read."""

    def close(self) -> None:
        """Finish what is under way; nothing follows."""
