"""From what the files and the command line say to an experiment, or to its faults."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from coralexp.errors import ConfigError, Problem
from coralexp.spec.composition import EXPERIMENT, Composed
from coralexp.spec.experiment import GROUPS, Experiment, How, Machine, Part
from coralexp.spec.part import options_of, resolve
from coralexp.spec.signature import MISSING, fill
from coralexp.spec.suggestions import unknown
from coralexp.spec.sweep import CHOOSING
from coralexp.spec.top_level import HOW_KEYS, TOP_LEVEL_KEYS, read_how, read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from coralexp.spec.folders import Conf
    from coralexp.spec.overrides import Setting
    from coralexp.spec.sweep import Job

Tree = dict[str, Any]


@dataclass(frozen=True)
class Assembled:
    """One job, as far as it could be understood.

    Attributes:
        experiment: With the parts that nothing is wrong with.
        how: Defaults, if something is wrong with it.
        machine: Defaults, if something is wrong with it.
        problems: What is wrong.
    """

    experiment: Experiment
    how: How
    machine: Machine
    problems: list[Problem]


def assemble(job: Job, composed: Composed, conf: Conf) -> Assembled:
    """Return the experiment of a job."""
    tree, texts, problems = with_settings(composed.tree, job.settings)
    tree, lost = _resolved(tree)
    problems += lost.values()
    machine, wrong = read_machine(tree.get("machine"))
    problems += wrong
    parts: dict[str, Part] = {}
    options: list[str] = []
    for group in GROUPS:
        if group in job.undecided or group in lost:
            continue
        choice = composed.choices.get(group)
        if choice is None or group not in tree:
            problems.append(_no_choice(group, conf))
            continue
        part, known, wrong = read_part(group, choice, tree[group], texts, machine.plugins)
        options += known
        problems += _placed(wrong, job, tree[group], conf.choices(group).get(choice))
        parts |= {group: part} if part else {}
    problems += _unknown_keys(tree, options)
    seed_and_how, wrong = read_how(tree, texts)
    problems += [problem for problem in wrong if problem.key not in lost]
    seed, how = seed_and_how or (0, How())
    return Assembled(Experiment(parts, seed, _written(job)), how, machine, problems)


def with_settings(
    tree: Mapping[str, Any], settings: Sequence[Setting]
) -> tuple[Tree, dict[str, str], list[Problem]]:
    """Return a copy with the values of the command line in it.

    Returns:
        The tree; keys to what was written, of values without quotes; and what is wrong.
    """
    result: Tree = copy.deepcopy(dict(tree))
    texts: dict[str, str] = {}
    problems: list[Problem] = []
    for setting in settings:
        if setting.key in CHOOSING and not isinstance(setting.value, dict):
            continue  # composed already
        *path, last = setting.key.split(".")
        node = result
        for name in path:
            if not isinstance(node.get(name), dict):
                node[name] = {}
            node = node[name]
        if setting.removes:
            if node.pop(last, None) is None:
                problems.append(Problem(setting.key, "there is nothing to remove"))
        elif isinstance(setting.value, dict) and isinstance(node.get(last), dict):
            node[last] |= setting.value
        else:
            node[last] = setting.value
            if not setting.quoted:
                texts[setting.key] = setting.text
    return result, texts, problems


def read_part(
    group: str, choice: str, node: Any, texts: Mapping[str, str], plugins: Sequence[str]
) -> tuple[Part | None, Sequence[str], list[Problem]]:
    """Read one group.

    Args:
        group: Such as `backbone`.
        choice: Name of its YAML file.
        node: The mapping with `_target_` and options.
        texts: Dotted keys to what was written on the command line.
        plugins: Packages that may be named.

    Returns:
        The part, or None; the keys of its options; and what is wrong.
    """
    if not isinstance(node, dict):
        return None, (), [Problem(group, "expected a choice, or options such as {width: 1.0}")]
    target = node.get("_target_", MISSING)
    if not isinstance(target, str) or target == MISSING:
        text = "expected the dotted path of the function that makes the part"
        return None, (), [Problem(f"{group}._target_", text)]
    try:
        options = options_of(resolve(target, group, plugins), group)
    except ConfigError as error:
        return None, (), list(error.problems)
    given = {str(name): value for name, value in node.items() if name != "_target_"}
    own = {name: texts[f"{group}.{name}"] for name in given if f"{group}.{name}" in texts}
    values, wrong = fill(options, given, own)
    problems = [Problem(f"{group}.{problem.key}", problem.text) for problem in wrong]
    part = None if problems else Part(group, choice, target, values)
    return part, [f"{group}.{name}" for name in options], problems


def _resolved(tree: Tree) -> tuple[Tree, dict[str, Problem]]:
    """Replace interpolations; a top-level key whose interpolation fails is left out and told."""
    if "${" not in repr(tree):
        return tree, {}
    from omegaconf import OmegaConf
    from omegaconf.errors import OmegaConfBaseException

    problems: dict[str, Problem] = {}
    while True:
        try:
            resolved: Any = OmegaConf.to_container(OmegaConf.create(tree), resolve=True)
        except OmegaConfBaseException as error:
            key = str(error.full_key or "")
            start = key.partition(".")[0]
            reason = str(error.msg or error).split("\n")[0]
            problems[start] = Problem(key, f"cannot be resolved: {reason}")
            if start not in tree:  # not even readable
                return {}, problems | dict.fromkeys((*GROUPS, *HOW_KEYS), problems[start])
            tree = {name: value for name, value in tree.items() if name != start}
        else:
            return resolved, problems


def _no_choice(group: str, conf: Conf) -> Problem:
    listed = ", ".join(conf.choices(group)) or "there are none"
    text = f"a choice is needed, one of: {listed} (the defaults in {conf.primary} have none)"
    return Problem(group, text)


def _unknown_keys(tree: Tree, options: Sequence[str]) -> list[Problem]:
    known = [*GROUPS, *TOP_LEVEL_KEYS, EXPERIMENT]
    problems = []
    for key in tree:
        if key in known:
            continue
        owners = [name for name in options if name.partition(".")[2] == key]
        text = f"unknown key, did you mean {owners[0]!r}?" if owners else unknown("key", key, known)
        problems.append(Problem(key, text))
    return problems


def _placed(
    problems: Sequence[Problem], job: Job, node: Any, path: Path | None
) -> Iterator[Problem]:
    """Say which file a problem is in, where the file is at fault and not the command line."""
    keys = {setting.key for setting in job.settings if setting.key not in job.choices}
    for problem in problems:
        group, _, name = problem.key.partition(".")
        missing = not isinstance(node, dict) or node.get(name, MISSING) == MISSING
        if missing or path is None or EXPERIMENT in job.choices or {problem.key, group} & keys:
            yield problem
        else:
            yield Problem(problem.key, f"{problem.text} (in {path})")


def _written(job: Job) -> tuple[str, ...]:
    """Return what the user wrote, without what says how to run it."""
    return tuple(
        str(setting)
        for setting in job.settings
        if setting.key == "seed" or setting.key.partition(".")[0] not in TOP_LEVEL_KEYS
    )
