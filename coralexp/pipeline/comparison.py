"""Two makings of one job, held side by side: the same bits, within tolerance, or different."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.expected import tolerance
from coralexp.artifacts.key_schema import SCHEMA_NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coralexp.artifacts.expected import ExpectedJob
    from coralexp.artifacts.record import Json

Verdict = Literal["identical to the bit", "within tolerance", "different"]
# Follows from other stages; told as versions of packages; says how keys are spelled, not what of.
_TRAILING = ("after", "tools", SCHEMA_NAME)


@dataclass(frozen=True)
class Difference:
    """One metric that is not what it was.

    Attributes:
        metric: Its name.
        before: None if there was none.
        now: None if there is none.
        tolerance: Largest difference that is still taken for the same.
    """

    metric: str
    before: float | None
    now: float | None
    tolerance: float

    @property
    def is_within(self) -> bool:
        """Whether it is near enough."""
        if self.before is None or self.now is None:
            return False
        return abs(self.now - self.before) <= self.tolerance


@dataclass(frozen=True)
class Comparison:
    """What a job gave, against what it gave before.

    Attributes:
        verdict: In three words.
        metrics: Those that are not what they were.
        files: `stage/name` of artifacts with other bits, or that one of the two lacks.
        unknown: Stages of whose earlier artifacts nothing is known.
        causes: What else is not what it was, in words: commit, packages, processor, threads, data.
    """

    verdict: Verdict
    metrics: list[Difference] = field(default_factory=list)
    files: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    causes: list[str] = field(default_factory=list)


def compare(before: ExpectedJob, now: ExpectedJob) -> Comparison:
    """Return what is the same, and what differs.

    Args:
        before: What is expected; its tolerances count.
        now: What was made.
    """
    metrics = list(_metrics(before, now))
    files: list[str] = []
    unknown: list[str] = []
    for stage in dict.fromkeys([*before.stages, *now.stages]):
        old, new = (
            job.stages[stage].files if stage in job.stages else None for job in (before, now)
        )
        if old == {}:
            unknown.append(stage)
            continue
        one, other = old or {}, new or {}
        names = sorted(one.keys() | other.keys())
        files += [f"{stage}/{name}" for name in names if one.get(name) != other.get(name)]
    if not before.stages:
        unknown.append("all stages")
    verdict: Verdict = "different"
    if not metrics and not files and not unknown:
        verdict = "identical to the bit"
    elif all(metric.is_within for metric in metrics):
        verdict = "within tolerance"
    return Comparison(verdict, metrics, files, unknown, list(_causes(before, now)))


def _metrics(before: ExpectedJob, now: ExpectedJob) -> Iterator[Difference]:
    for name in dict.fromkeys([*before.metrics, *now.metrics]):
        old, new = before.metrics.get(name), now.metrics.get(name)
        if old != new:
            allowed = before.tolerances.get(name, tolerance(name, old or 0.0))
            yield Difference(name, old, new, allowed)


def _causes(before: ExpectedJob, now: ExpectedJob) -> Iterator[str]:
    if before.commit != now.commit:
        yield f"code: commit {before.commit or 'unknown'}, now {now.commit or 'unknown'}"
    for name in sorted(before.environment.keys() | now.environment.keys()):
        old, new = before.environment.get(name), now.environment.get(name)
        if old != new:
            yield f"{name}: {old or 'absent'}, now {new or 'absent'}"
    for stage in before.stages:
        if stage not in now.stages:
            yield f"{stage}: there is no such stage now"
    told = [text for stage in before.stages for text in _ingredients(stage, before, now)]
    yield from dict.fromkeys(told)
    for stage in now.stages:
        if stage not in before.stages and before.stages:
            yield f"{stage}: a stage that there was not"


def _ingredients(stage: str, before: ExpectedJob, now: ExpectedJob) -> Iterator[str]:
    """Yield what was hashed into the key of a stage and is another now."""
    if stage not in now.stages or not before.stages[stage].ingredients:
        return
    old = dict(_leaves(before.stages[stage].ingredients))
    new = dict(_leaves(now.stages[stage].ingredients))
    for name in dict.fromkeys([*old, *new]):
        one, other = old.get(name), new.get(name)
        if one != other and name.rpartition(".")[2] != "processor":  # told by the environment
            yield f"{_called(stage, name)}: {one}, now {other}"


def _called(stage: str, name: str) -> str:
    if name == "bits.threads":
        return "threads"
    if (stage, name) == ("dataset", "content"):
        return "dataset digest"
    return name if name == "seed" else f"{stage} {name}"


def _leaves(tree: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if not prefix and name in _TRAILING:
            continue
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        else:
            yield prefix + name, str(value)
