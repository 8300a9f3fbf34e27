"""Problems of many jobs, told once: each says in which jobs it holds, if not in all."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, Problem
from coralexp.spec.experiment import GROUPS
from coralexp.spec.top_level import TOP_LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from coralexp.spec.overrides import Dimension
    from coralexp.spec.sweep import Job

_ORDER = (*TOP_LEVEL_KEYS, *GROUPS)


@dataclass
class Findings:
    """Everything found wrong so far."""

    _general: dict[Problem, None] = field(default_factory=dict)
    _jobs: dict[Problem, list[Job]] = field(default_factory=dict)

    def add_all(self, problems: Iterable[Problem]) -> None:
        """Note what holds whatever the job."""
        self._general.update(dict.fromkeys(problems))

    def add(self, job: Job, problems: Iterable[Problem]) -> None:
        """Note what is wrong with one job."""
        for problem in dict.fromkeys(problems):
            self._jobs.setdefault(problem, []).append(job)

    def raise_if_any(self, jobs: Sequence[Job], dimensions: Sequence[Dimension]) -> None:
        """Raise if anything is wrong.

        Args:
            jobs: All of them.
            dimensions: What the jobs differ in.

        Raises:
            ConfigError: With each problem once, in the order of the configuration's groups.
        """
        said = {(problem.key, problem.text) for problem in self._general}
        problems = list(self._general)
        for problem, where in self._jobs.items():
            if (problem.key, problem.text) not in said:
                text = problem.text + _where(where, jobs, dimensions)
                problems.append(Problem(problem.key, text))
        if problems:
            raise ConfigError(sorted(problems, key=_rank))


def _rank(problem: Problem) -> int:
    start = problem.key.partition(".")[0]
    return _ORDER.index(start) + 1 if start in _ORDER else 0


def _where(where: Sequence[Job], jobs: Sequence[Job], dimensions: Sequence[Dimension]) -> str:
    """Return which jobs are meant, in few words: `(where quant=qat)`."""
    if len(where) == len(jobs):
        return ""
    inside = {id(job) for job in where}
    swept = [dimension.key for dimension in dimensions if len(dimension.settings) > 1]
    for key in swept:
        texts = list(dict.fromkeys(_text(job, key) for job in where))
        if _matching(jobs, {key: texts}) == inside:
            return f" (where {key}={' or '.join(texts)})"
    example = {key: [_text(where[0], key)] for key in swept if _text(where[0], key)}
    for key in swept:  # leave out what makes no difference
        shorter = {other: texts for other, texts in example.items() if other != key}
        if _matching(jobs, shorter) <= inside:
            example = shorter
    words = " ".join(f"{key}={texts[0]}" for key, texts in example.items())
    if _matching(jobs, example) == inside:
        return f" (where {words})"
    return f" (in {len(where)} of {len(jobs)} jobs, such as {words})"


def _matching(jobs: Sequence[Job], wanted: Mapping[str, Sequence[str]]) -> set[int]:
    return {
        id(job) for job in jobs if all(_text(job, key) in texts for key, texts in wanted.items())
    }


def _text(job: Job, key: str) -> str:
    return next((setting.text for setting in job.settings if setting.key == key), "")
