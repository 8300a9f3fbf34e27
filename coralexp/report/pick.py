"""One run out of many: the best in one metric, among those that keep within limits."""

from __future__ import annotations

import operator
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, Problem, UnknownRunError
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from coralexp.artifacts.record import RunRecord

_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "<=": operator.le,
    ">=": operator.ge,
    "<": operator.lt,
    ">": operator.gt,
}
_LIMIT = re.compile(r"\s*(?P<metric>[A-Za-z]\w*)\s*(?P<sign><=|>=|<|>)\s*(?P<bound>\S+)\s*")


@dataclass(frozen=True)
class Limit:
    """What a run has to keep: `edgetpu_latency_ms<5`.

    Attributes:
        metric: Name.
        sign: `<`, `<=`, `>` or `>=`.
        bound: Of the metric.
    """

    metric: str
    sign: str
    bound: float

    def __str__(self) -> str:
        return f"{self.metric}{self.sign}{self.bound:g}"

    def kept_by(self, run: RunRecord) -> bool:
        """Return whether a run keeps it; one without that metric does not."""
        value = run.metrics.get(self.metric)
        return value is not None and _COMPARED[self.sign](value, self.bound)


def read_limit(text: str) -> Limit:
    """Return the limit that a text is.

    Raises:
        ConfigError: If it is none.
    """
    found = _LIMIT.fullmatch(text)
    try:
        if found is not None:
            return Limit(found["metric"], found["sign"], float(found["bound"]))
    except ValueError:
        pass
    text = f"{text!r} is no limit; expected one such as 'edgetpu_latency_ms<5' (<, <=, >, >=)"
    raise ConfigError([Problem("--where", text)])


def within(runs: Sequence[RunRecord], limits: Sequence[Limit]) -> list[RunRecord]:
    """Return the finished runs that keep every limit.

    Args:
        runs: Some.
        limits: What they have to keep.

    Raises:
        ConfigError: If no run has a metric of that name.
        UnknownRunError: If none keeps them; it tells how near the nearest comes.
    """
    finished = [run for run in runs if run.state == "FINISHED"]
    _check_names(finished, "--where", [limit.metric for limit in limits])
    kept = [run for run in finished if all(limit.kept_by(run) for limit in limits)]
    if not kept:
        raise UnknownRunError(_nearest(finished, limits))
    return kept


def best(runs: Sequence[RunRecord], metric: str, *, least: bool = False) -> RunRecord:
    """Return the run with the highest value of a metric; of equal ones, the smallest model's.

    Args:
        runs: Finished runs, at least one.
        metric: Name.
        least: Whether the lowest value is the best.

    Raises:
        ConfigError: If no run has it.
    """
    _check_names(runs, "--least" if least else "--best", [metric])
    able = [run for run in runs if metric in run.metrics]
    sign = 1 if least else -1
    return min(
        able,
        key=lambda run: (
            sign * run.metrics[metric],
            run.metrics.get("model_size_bytes", float("inf")),
            run.id,
        ),
    )


def estimated(run: RunRecord, names: Sequence[str]) -> list[str]:
    """Return those of some metrics that were estimated for a run, not measured."""
    return [
        name
        for name in dict.fromkeys(names)
        for start in ("edgetpu_latency", "device_latency")
        if name.startswith(start) and run.tags.get(f"{start}_source") != "measured"
    ]


def _check_names(runs: Sequence[RunRecord], flag: str, names: Sequence[str]) -> None:
    known = sorted({name for run in runs for name in run.metrics})
    problems = [
        Problem(flag, f"{name}: {unknown('metric of these runs', name, known)}")
        for name in names
        if name not in known
    ]
    if runs and problems:
        raise ConfigError(problems)


def _nearest(finished: Sequence[RunRecord], limits: Sequence[Limit]) -> str:
    if not finished:
        return "none of these runs has finished"
    told = " and ".join(map(str, limits))
    count = "The one finished run does" if len(finished) == 1 else f"None of {len(finished)} runs"
    parts = []
    for limit in limits:
        having = [run for run in finished if limit.metric in run.metrics]
        pick = min if limit.sign.startswith("<") else max
        value, name = pick((run.metrics[limit.metric], run.id) for run in having)
        parts.append(f"{limit.metric} comes to {value:.4g} at best (run {name})")
    verb = "not have" if len(finished) == 1 else "has"
    return f"{count} {verb} {told}: {', '.join(parts)}"
