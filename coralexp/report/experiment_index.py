"""The page that lists frozen experiments with their results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.expected import from_json
from coralexp.report.quantities import figure, size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.expected import ExpectedJob

BEGIN, END = "<!-- experiments -->", "<!-- end of experiments -->"
_HEADER = (
    "| experiment | question | runs | accuracy | size | on the Edge TPU | data |",
    "|---|---|---:|---:|---:|---:|---|",
)


def with_index(text: str, folder: Path) -> str:
    """Return a page whose table, between the lines `BEGIN` and `END`, is made anew.

    Args:
        text: Of the page; one without these lines comes back as it is.
        folder: Of folders that `coralexp freeze` wrote.
    """
    before, begin, rest = text.partition(BEGIN)
    _, end, behind = rest.partition(END)
    if not begin or not end:
        return text
    table = "\n".join([*_HEADER, *_rows(folder)])
    return f"{before}{BEGIN}\n{table}\n{END}{behind}"


def _rows(folder: Path) -> Iterator[str]:
    for path in sorted(folder.glob("*/expected.json")):
        jobs, _ = from_json(path.read_bytes())
        name = path.parent.name
        cells = (
            f"[{name}]({name}/README.md)",
            _question(path.parent / "README.md"),
            str(len(jobs)),
            _range([job.metrics for job in jobs], "accuracy", "{:.3f}".format),
            _range([job.metrics for job in jobs], "model_size_bytes", size),
            _range([job.metrics for job in jobs], "edgetpu_mapped_ratio", figure),
            _data(jobs[0]),
        )
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def _question(page: Path) -> str:
    lines = page.read_text(encoding="utf-8").splitlines()
    return next((line.removeprefix("# ") for line in lines if line.startswith("# ")), "")


def _range(metrics: Sequence[Mapping[str, float]], name: str, write: Callable[[float], str]) -> str:
    """Return the least and the largest value, or the one that all have."""
    values = sorted(one[name] for one in metrics if name in one)
    if not values:
        return "-"
    ends = dict.fromkeys(write(value) for value in (values[0], values[-1]))
    return " to ".join(ends)


def _data(job: ExpectedJob) -> str:
    """Return which dataset it was, and for which one it stood."""
    asked = job.stages["dataset"].ingredients.get("dataset") if "dataset" in job.stages else None
    options = asked.get("options") if isinstance(asked, dict) else None
    target = str(asked.get("target", "")) if isinstance(asked, dict) else ""
    stands_for = options.get("stands_for") if isinstance(options, dict) else None
    name = target.rpartition(".")[0].rpartition(".")[2]
    return f"{name}, a stand-in for {stands_for}" if stands_for else name
