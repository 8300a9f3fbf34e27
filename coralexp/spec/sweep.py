"""From dimensions to jobs: every combination, the last dimension varying fastest."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, Problem
from coralexp.spec.composition import EXPERIMENT, Composer
from coralexp.spec.experiment import GROUPS
from coralexp.spec.overrides import Dimension, Setting, read_overrides
from coralexp.spec.suggestions import way_out

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.spec.folders import Conf

MAX_JOBS = 10_000  # beyond it, a slip of the pen
CHOOSING = (*GROUPS, EXPERIMENT)  # keys whose value names a YAML file


@dataclass(frozen=True)
class Job:
    """One combination.

    Attributes:
        settings: One for each dimension.
        choices: Group names to choices that exist, as far as the user chose.
        undecided: Groups whose choice does not exist: told already, and not to be looked into.
    """

    settings: tuple[Setting, ...]
    choices: Mapping[str, str]
    undecided: frozenset[str]


def choice_problems(dimensions: Sequence[Dimension], conf: Conf) -> Iterator[Problem]:
    """Yield what is wrong with the names of choices."""
    for setting in _choosing(dimensions):
        names = list(conf.choices(setting.key))
        listed = f"expected one of: {', '.join(names)}" if names else "there are none"
        if setting.removes or setting.value is None:
            yield Problem(setting.key, f"a choice is needed; {listed}")
        elif isinstance(setting.value, list):
            text = f"takes one choice; to try several, write {setting.key}=a,b without brackets"
            yield Problem(setting.key, text)
        elif _name(setting) not in names:
            hint = way_out(_name(setting), names)
            hint = hint if hint == listed else f"{hint} ({listed})"
            yield Problem(setting.key, f"unknown choice {_name(setting)!r}, {hint}")


def expand(
    dimensions: Sequence[Dimension], composer: Composer
) -> tuple[list[Job], list[Dimension], list[Problem]]:
    """Return the jobs.

    An experiment may ask for a sweep of its own; what the command line says about a key wins.

    Args:
        dimensions: Of the command line.
        composer: Reads the experiments.

    Returns:
        The jobs; all dimensions, those of experiments included; and what is wrong.
    """
    written = {dimension.key for dimension in dimensions}
    asked = next((dimension for dimension in dimensions if dimension.key == EXPERIMENT), None)
    variants: list[Sequence[Dimension]] = []
    problems: list[Problem] = []
    for experiment in asked.settings if asked else (None,):
        fixed = [d for d in dimensions if d is not asked]
        first = _job(
            [*(d.settings[0] for d in fixed), *([experiment] if experiment else [])], composer
        )
        own, wrong = _own_sweep(first, composer)
        problems += wrong
        if experiment is not None:
            fixed = [_only(d, experiment) if d is asked else d for d in dimensions]
        variants.append([*(d for d in own if d.key not in written), *fixed])
    if asked and all(len(variant) == len(dimensions) for variant in variants):
        variants = [
            dimensions
        ]  # no experiment sweeps by itself: its place decides how fast it varies
    count = sum(math.prod(len(d.settings) for d in variant) for variant in variants)
    if count > MAX_JOBS:
        problems.append(Problem("", f"this asks for {count} jobs; at most {MAX_JOBS} go at once"))
        return [], list(dimensions), problems
    jobs = [
        _job(settings, composer)
        for variant in variants
        for settings in itertools.product(*(dimension.settings for dimension in variant))
    ]
    every = {d.key: d for variant in variants for d in variant} | {d.key: d for d in dimensions}
    return jobs, list(every.values()), problems


def _own_sweep(first: Job, composer: Composer) -> tuple[list[Dimension], list[Problem]]:
    try:
        params = composer(first.choices).params
    except ConfigError:
        return [], []  # composing the jobs tells it again
    lines = [f"{key}={value}" for key, value in params.items()]
    dimensions, problems = read_overrides(lines, lambda group: list(composer.conf.choices(group)))
    problems += choice_problems(dimensions, composer.conf)
    place = " (in hydra.sweeper.params of the YAML files)"
    return dimensions, [Problem(problem.key, problem.text + place) for problem in problems]


def _job(settings: Sequence[Setting], composer: Composer) -> Job:
    choices: dict[str, str] = {}
    undecided: set[str] = set()
    for setting in settings:
        if setting.key not in CHOOSING or isinstance(setting.value, dict):
            continue
        if _name(setting) in composer.conf.choices(setting.key) and not setting.removes:
            choices[setting.key] = _name(setting)
        else:
            undecided.add(setting.key)
    return Job(tuple(settings), dict(sorted(choices.items())), frozenset(undecided))


def _choosing(dimensions: Sequence[Dimension]) -> Iterator[Setting]:
    for dimension in dimensions:
        if dimension.key in CHOOSING:
            yield from (s for s in dimension.settings if not isinstance(s.value, dict))


def _name(setting: Setting) -> str:
    return setting.value if isinstance(setting.value, str) else setting.text


def _only(dimension: Dimension, setting: Setting) -> Dimension:
    return Dimension(dimension.key, (setting,), is_sweep=dimension.is_sweep)
