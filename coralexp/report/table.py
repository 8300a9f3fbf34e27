"""The table at the end: every job with what came out, and why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.report.grid import Column, say, show
from coralexp.report.quantities import edgetpu_latency, is_measured, size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from coralexp.artifacts.record import RunRecord

_COLUMNS = (
    Column("run"),
    Column("job"),
    Column("accuracy", right=True),
    Column("size", right=True),
    Column("Edge TPU", right=True),
)


def print_summary(records: Sequence[RunRecord], console: Console) -> None:
    """Print a table of jobs, the reasons of those that failed, and how to see more.

    Args:
        records: The jobs of one command, in their order; nothing is printed if there are none.
        console: Where to.
    """
    if not records:
        return
    shared = _shared(records)
    show(_COLUMNS, [_row(record, shared) for record in records], console)
    if any(
        "edgetpu_latency_ms" in record.metrics and not is_measured(record) for record in records
    ):
        say(
            "~ predicted, not measured on a chip; in brackets the 90 % interval",
            console,
        )
    for jobs, reason in _without_edgetpu(records, shared):
        say(f"no Edge TPU time for {jobs}: {reason}", console)
    for record in records:
        if record.state != "FINISHED":
            say(f"{record.state.lower()}: {job_name(record, shared)}{_why(record)}", console)
    say(f"more: coralexp compare {_handle(records)}, or coralexp ui", console)


def job_name(record: RunRecord, shared: frozenset[str] = frozenset()) -> str:
    """Return what tells a job from others: `quant=qat training.epochs=3`.

    Args:
        record: The job.
        shared: Overrides that all of them have, which are left out.
    """
    own = [override for override in record.overrides if override not in shared]
    return " ".join(own) or " ".join(record.overrides) or "(defaults)"


def _shared(records: Sequence[RunRecord]) -> frozenset[str]:
    if len(records) == 1:
        return frozenset()
    return frozenset.intersection(*(frozenset(record.overrides) for record in records))


def _row(record: RunRecord, shared: frozenset[str]) -> list[str]:
    metrics = record.metrics
    accuracy = metrics.get("accuracy")
    size_bytes = metrics.get("model_size_bytes")
    return [
        record.id,
        job_name(record, shared),
        record.state.lower() if accuracy is None else f"{accuracy:.4f}",
        "-" if size_bytes is None else size(size_bytes),
        edgetpu_latency(record),
    ]


def _why(record: RunRecord) -> str:
    if not record.error:
        return ""
    first, *rest = record.error.strip().splitlines()
    return ": " + "\n".join([first, *(f"  {line}" for line in rest)])


def _without_edgetpu(records: Sequence[RunRecord], shared: frozenset[str]) -> list[tuple[str, str]]:
    """Return which jobs have no time with the chip, and why: those with one cause together."""
    causes: dict[str, list[RunRecord]] = {}
    for record in records:
        status = record.tags.get("edgetpu_status")
        if status is not None and "edgetpu_latency_ms" not in record.metrics:
            causes.setdefault(status.partition(":")[0], []).append(record)
    return [
        (job_name(those[0], shared), those[0].tags["edgetpu_status"])
        if len(those) == 1
        else (f"{len(those)} jobs", f"{_shared_words(those, cause)} (tag edgetpu_status of each)")
        for cause, those in causes.items()
    ]


def _shared_words(records: Sequence[RunRecord], cause: str) -> str:
    """Return the cause, and the sentences behind it that the statuses of several jobs share."""
    tails = [record.tags["edgetpu_status"].partition(": ")[2].split(". ") for record in records]
    same = [words[0] for words in zip(*tails, strict=False) if len(set(words)) == 1 and words[0]]
    return ": ".join([cause, ". ".join(same)] if same else [cause])


def _handle(records: Sequence[RunRecord]) -> str:
    """Return the id to give to `compare`: of the sweep, if there is one."""
    return records[0].sweep or records[0].id
