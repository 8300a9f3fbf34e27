"""The page of a frozen experiment: its table and its pictures."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.report.quantities import edgetpu_latency, figure, size
from coralexp.report.table import job_name

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import RunRecord

TITLES = {
    "pareto": "Accuracy against latency and size",
    "samples": "Training images",
    "curves": "Training",
    "confusion_matrix": "Confusion",
    "worst_mistakes": "Worst mistakes",
    "layer_errors": "What quantization did to each layer",
}
RESULTS = "<!-- results -->"  # in a text of the author's: what stands before it and behind it
_ABSENT = "-"
_MIB = 1024**2


@dataclass(frozen=True)
class Page:
    """What the page tells.

    Attributes:
        name: Folder, such as `experiments/width_half`.
        question: Its headline; the name if empty.
        conclusion: A paragraph; left out if empty.
        command: What the user wrote.
        text: The author's own page, Markdown with a headline, whose line `RESULTS` says where the
            results go; without one they go to its end. Takes the place of question and conclusion.
    """

    name: str
    question: str
    conclusion: str
    command: str
    text: str = ""


def page(
    about: Page, records: Sequence[RunRecord], pictures: Mapping[str, Sequence[tuple[int, str]]]
) -> str:
    """Return the text of `README.md`.

    Args:
        about: What the records do not know.
        records: The runs, in their order.
        pictures: Kinds of pictures to pairs of a run's number and the name of a file.
    """
    before, behind = _author(about)
    results = [*_told(about, records), *_table(records)]
    for kind, files in pictures.items():
        results += [f"## {TITLES[kind]}", ""]
        for number, name in files:
            alt = job_name(records[number]) if number < len(records) else TITLES[kind]
            results += [f"![{_cell(alt)}]({name})", ""]
    return "\n".join([*_stand_in(about, records), before, *results, behind]).rstrip() + "\n"


def _author(about: Page) -> tuple[str, str]:
    """Return what stands before the results, and behind them."""
    if about.text:
        before, _, behind = about.text.partition(RESULTS)
        return before.strip() + "\n", behind.strip()
    headline = f"# {_cell(about.question or about.name.rpartition('/')[2])}\n"
    return headline + (f"\n{about.conclusion}\n" if about.conclusion else ""), ""


def _stand_in(about: Page, records: Sequence[RunRecord]) -> list[str]:
    """Return the first line of a page whose data is not that of the exercise."""
    for record in records:
        if record.tags.get("stand_in") == "true":
            real = record.tags["stands_for"]
            line = (
                f"**Stand-in:** these results are of the small dataset "
                f"`{record.choices['dataset']}`, in the place of `{real}`. The real one: "
                f"`{about.command} dataset={real}`"
            )
            return [line, ""]
    return []


def _told(about: Page, records: Sequence[RunRecord]) -> list[str]:
    """Return how to run it again, and what it costs."""
    made = {stage.key: stage for record in records for stage in record.stages.values()}.values()
    minutes = sum(stage.made_in_s for stage in made) / 60
    memory = max((stage.peak_memory_bytes or 0 for stage in made), default=0) / _MIB
    processor = records[0].environment.get("processor", "").partition(" ")[0] if records else ""
    return [
        "## Result",
        "",
        "```sh",
        about.command,
        f"python -m coralexp reproduce {about.name}",
        "```",
        "",
        f"From an empty store {_minutes(minutes)} and {memory:.0f} MiB of memory"
        + (f" on {_cell(processor)}." if processor else "."),
        "The table is written from the runs; do not edit it by hand.",
        "",
    ]


def _minutes(minutes: float) -> str:
    return f"{minutes * 60:.0f} seconds" if minutes < 2 else f"{minutes:.0f} minutes"  # noqa: PLR2004


def _table(records: Sequence[RunRecord]) -> list[str]:
    """Return a row a run, with the columns that any of them fills."""
    shared = frozenset.intersection(*(frozenset(record.overrides) for record in records))
    rows = [_row(record, shared if len(records) > 1 else frozenset()) for record in records]
    names = [name for name in rows[0] if any(row[name] != _ABSENT for row in rows)]
    lines = [f"| {' | '.join(names)} |", "|---|" + "---:|" * (len(names) - 1)]
    lines += [f"| {' | '.join(_cell(row[name]) for name in names)} |" for row in rows]
    lines.append("")
    if any(edgetpu_latency(record).startswith("~") for record in records):
        lines += ["`~`: predicted, not measured on a chip; in brackets the 90 % interval.", ""]
    return lines


def _row(record: RunRecord, shared: frozenset[str]) -> dict[str, str]:
    metrics = record.metrics
    evaluated = record.stages.get("evaluate")

    def share(name: str) -> str:
        value = metrics.get(name)
        return _ABSENT if value is None else f"{value:.4f}"

    def plain(name: str) -> str:
        return figure(metrics[name]) if name in metrics else _ABSENT

    seconds = [
        record.stages[s].made_in_s
        for s in ("features", "train", "compress", "qat")
        if s in record.stages
    ]
    size_bytes = metrics.get("model_size_bytes")
    return {
        "job": job_name(record, shared),
        "accuracy": share("accuracy"),
        "float": share("accuracy_float_tflite"),
        "agreement": share("float_agreement"),
        "parameters": f"{metrics['parameters_total']:,.0f}"
        if "parameters_total" in metrics
        else _ABSENT,
        "size": _ABSENT if size_bytes is None else size(size_bytes),
        "zipped": size(metrics["zipped_size_bytes"]) if "zipped_size_bytes" in metrics else _ABSENT,
        "Edge TPU": edgetpu_latency(record),
        "mapped": plain("edgetpu_mapped_ratio"),
        "CPU ms": plain("cpu_latency_ms"),
        "training s": f"{sum(seconds):.0f}" if seconds else _ABSENT,
        "evaluate.key": evaluated.key if evaluated else _ABSENT,
    }


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())
