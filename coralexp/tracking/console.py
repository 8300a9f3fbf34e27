"""Tells the user how far it is: a live line on a terminal, plain lines otherwise."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn
from rich.text import Text

from coralexp.tracking.names import differing
from coralexp.tracking.pace import Pace, in_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from rich.console import RenderableType

    from coralexp.artifacts.progress import Step
    from coralexp.artifacts.record import RunRecord

_EPOCH_EVERY_S = 1.0  # piped: a line an epoch, but no more than this
_LINE_EVERY_S = 15.0  # piped: whatever is counted else
_FACTS = ("loss", "accuracy", "validation_loss", "validation_accuracy")
_EPOCHS = "epochs"


@dataclass
class _Work:
    """The stage under way."""

    stage: str
    began: float
    pace: Pace = field(default_factory=Pace)
    facts: dict[str, float] = field(default_factory=dict)
    told: float = 0.0
    untold: Step | None = None


class _Live(Progress):
    """A bar, and the figures of the moment below it: both fit into 80 places."""

    def __init__(self, stage: str, console: Console) -> None:
        self.figures = ""
        super().__init__(
            TextColumn("  {task.description:<10}", markup=False),
            SpinnerColumn(),
            BarColumn(24),
            TextColumn("{task.fields[place]}", markup=False),
            console=console,
            transient=True,
            refresh_per_second=4,
        )
        self.bar = self.add_task(stage, total=None, place="")

    def get_renderables(self) -> Iterable[RenderableType]:
        yield self.make_tasks_table(self.tasks)
        if self.figures:
            yield Text(f"            {self.figures}", style="dim", no_wrap=True)


class ConsoleObserver:
    """Prints jobs and stages; nothing at the end, where the table comes.

    Args:
        console: Where to; None takes standard output.
        at_a_time: How many jobs work beside each other; of several, each line says whose it is,
            and there is no live one.
    """

    def __init__(self, console: Console | None = None, at_a_time: int = 1) -> None:
        self._console = Console() if console is None else console
        self._jobs = 1
        self._sweep: Sequence[str] = ()
        self._several = at_a_time > 1
        self._work: dict[str, _Work] = {}
        self._live: _Live | None = None

    def sweep_started(self, sweep: RunRecord, jobs: int) -> None:
        """Remember what the jobs share."""
        self._jobs = jobs
        self._sweep = tuple(sweep.overrides)

    def run_started(self, run: RunRecord) -> None:
        """Print which job begins."""
        what = " ".join(differing(run.overrides, self._sweep)) or "as configured"
        if self._jobs == 1 and not run.overrides:
            what = "defaults"
        place = f"job {run.number + 1} of {self._jobs}" if self._jobs > 1 else "job"
        self._print(f"{place}: {what}", "bold")

    def stage_started(self, run: RunRecord, stage: str) -> None:
        """Show that a stage works."""
        self._begin(run, stage)

    def _begin(self, run: RunRecord, stage: str) -> _Work:
        work = self._work[run.id] = _Work(stage, time.monotonic())
        if self._console.is_terminal and not self._several:
            self._live = _Live(stage, self._console)
            self._live.start()
        else:
            self._print(f"{self._whose(run)}  {stage:<10} started")
        return work

    def stage_progressed(self, run: RunRecord, stage: str, step: Step) -> None:
        """Show how far it is."""
        work = self._work.get(run.id)
        if work is None or work.stage != stage:
            work = self._begin(run, stage)
        now = time.monotonic()
        left_s = work.pace.left_s(step, now)
        if self._live is not None:
            work.facts |= step.facts
            place = "  ".join(filter(None, [_place(step), _left(left_s)]))
            self._live.update(
                self._live.bar, completed=step.done, total=step.total or None, place=place
            )
            self._live.figures = "  ".join(_figures(work.facts))
            return
        work.untold = step
        pause = _EPOCH_EVERY_S if step.unit == _EPOCHS else _LINE_EVERY_S
        if now - max(work.told, 0.0 if step.unit == _EPOCHS else work.began) >= pause:
            self._tell(run, work, step, left_s)

    def stage_finished(self, run: RunRecord, stage: str, entry: Path) -> None:
        """Print how a stage ended."""
        work = self._end_work(run)
        if work is not None and work.untold is not None and work.untold.unit == _EPOCHS:
            self._tell(run, work, work.untold, None)
        how = run.stages.get(stage)
        if how is not None and how.reused:
            self._print(f"{self._whose(run)}  {stage:<10} reused")
        else:
            seconds = f" in {in_words(how.seconds)}" if how is not None else ""
            self._print(f"{self._whose(run)}  {stage:<10} done{seconds}")

    def run_finished(self, run: RunRecord) -> None:
        """Print how a job ended."""
        self._end_work(run)
        whose = self._whose(run)
        took = "" if run.ended is None else f" after {in_words(run.ended - run.started)}"
        if run.state == "FAILED":
            reason = (run.error or "no reason is known").strip()
            self._print(f"{whose}  failed{took}: {reason}", "red")
        elif run.state == "KILLED":
            self._print(f"{whose}  stopped{took}", "yellow")
        else:
            accuracy = run.metrics.get("accuracy")
            facts = "" if accuracy is None else f", accuracy {accuracy:.4f}"
            self._print(f"{whose}  finished{took}{facts}", "green")

    def sweep_finished(self, sweep: RunRecord) -> None:
        """Leave it to the table."""
        del sweep
        self._jobs, self._sweep = 1, ()

    def noted(self, text: str) -> None:
        """Print a line that the user should read; may be called in any thread."""
        self._print(f"note: {text}", "yellow")

    def close(self) -> None:
        """Leave the terminal as it was."""
        self._stop_live()

    def _whose(self, run: RunRecord) -> str:
        return f"[{run.number + 1}]" if self._several else ""

    def _end_work(self, run: RunRecord) -> _Work | None:
        self._stop_live()
        return self._work.pop(run.id, None)

    def _stop_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None

    def _tell(self, run: RunRecord, work: _Work, step: Step, left_s: float | None) -> None:
        work.told = time.monotonic()
        work.untold = None
        self._print(f"{self._whose(run)}  {work.stage:<10} {_words(step, left_s)}")

    def _print(self, text: str, style: str | None = None) -> None:
        self._console.print(
            text, style=style, soft_wrap=True, markup=False, highlight=False, emoji=False
        )


def _words(step: Step, left_s: float | None) -> str:
    """Return `epoch 3/10  loss 0.1234  accuracy 0.9700  399 images/s  12 s left`."""
    return "  ".join(filter(None, [_place(step), *_figures(step.facts), _left(left_s)]))


def _place(step: Step) -> str:
    share = step.facts.get("epoch_share")  # epochs done, where the steps within one are counted
    if share is not None and step.done:
        return f"epoch {share:.1f}/{step.total * share / step.done:.0f}"
    of = f"/{step.total}" if step.total else ""
    return f"{step.unit.removesuffix('s')} {step.done}{of}"


def _figures(facts: Mapping[str, float]) -> list[str]:
    words = [f"{name.replace('_', ' ')} {facts[name]:.4f}" for name in _FACTS if name in facts]
    if "images_per_s" in facts:
        words.append(f"{facts['images_per_s']:.0f} images/s")
    if "batch_ms" in facts:
        words.append(f"{facts['batch_ms'] / 1000:.3f} s/batch")
    return words


def _left(left_s: float | None) -> str:
    return "" if left_s is None else f"{in_words(left_s)} left"
