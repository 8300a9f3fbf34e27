"""The page of a frozen experiment: its table and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.report.quantities import edgetpu_latency, figure, size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import RunRecord

_TITLES = {"samples": "Training images", "curves": "Training", "confusion_matrix": "Confusion"}


@dataclass(frozen=True)
class Page:
    """What the page tells.

    Attributes:
        name: Folder, such as `experiments/width_half`.
        question: Its headline; the name if empty.
        conclusion: A paragraph; left out if empty.
        command: What the user wrote.
    """

    name: str
    question: str
    conclusion: str
    command: str


def page(
    about: Page, records: Sequence[RunRecord], pictures: Mapping[str, Sequence[tuple[int, str]]]
) -> str:
    """Return the text of `README.md`.

    Args:
        about: What the records do not know.
        records: The runs, in their order.
        pictures: Kinds of pictures to pairs of a run's number and the name of a file.
    """
    lines = [f"# {_cell(about.question or about.name.rpartition('/')[2])}", ""]
    if about.conclusion:
        lines += [about.conclusion, ""]
    lines += ["```sh", about.command, f"python -m coralexp reproduce {about.name}", "```", ""]
    lines += ["The table is written from the runs; do not edit it by hand.", ""]
    columns = ("job", "accuracy", "accuracy_float", "size", "Edge TPU", "mapped", "evaluate.key")
    lines += [f"| {' | '.join(columns)} |", "|---|---:|---:|---:|---:|---:|---|"]
    lines += [f"| {' | '.join(map(_cell, _row(record)))} |" for record in records]
    lines.append("")
    if any(edgetpu_latency(record).startswith("~") for record in records):
        lines += ["`~`: predicted, not measured on a chip; in brackets the 90 % interval.", ""]
    for kind, files in pictures.items():
        lines += [f"## {_TITLES[kind]}", ""]
        for number, name in files:
            alt = _job(records[number])
            lines += [f"![{_cell(alt)}]({name})", ""]
    return "\n".join(lines)


def _row(record: RunRecord) -> list[str]:
    metrics = record.metrics
    mapped = metrics.get("edgetpu_mapped_ratio")
    evaluated = record.stages.get("evaluate")
    return [
        _job(record),
        *(
            "-" if (value := metrics.get(name)) is None else f"{value:.4f}"
            for name in ("accuracy", "accuracy_float")
        ),
        size(metrics["model_size_bytes"]) if "model_size_bytes" in metrics else "-",
        edgetpu_latency(record),
        "-" if mapped is None else figure(mapped),
        evaluated.key if evaluated else "-",
    ]


def _job(record: RunRecord) -> str:
    return " ".join(record.overrides) or "defaults"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
