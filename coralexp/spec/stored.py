"""The stored configuration of a run: choices and options, nothing else, and its own careful reader.

    schema: 2
    seed: 42
    backbone:
      choice: mobilenetv2
      target: coralexp.backbones.mobilenetv2.build
      options:
        width: 0.35
    ...

It may come from anywhere, so it is never given to Hydra, which would follow interpolations and run
what stands under `hydra`. `coralexp.spec.plain_yaml` reads the text.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import yaml

from coralexp.errors import ConfigError, Problem
from coralexp.spec.assembly import read_part
from coralexp.spec.compose import parse, split_flags
from coralexp.spec.experiment import GROUPS, Experiment, Part
from coralexp.spec.folders import find_conf
from coralexp.spec.migrations import SCHEMA, migrate
from coralexp.spec.overrides import Setting, read_overrides
from coralexp.spec.plain_yaml import load, load_file
from coralexp.spec.suggestions import unknown
from coralexp.spec.sweep import choice_problems
from coralexp.spec.top_level import read_how

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.spec.experiment import Value

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]

_KEYS = ("schema", "seed", *GROUPS)
_PART_KEYS = ("choice", "target", "options")
_CHOICE = re.compile(r"[^\W_][\w.+-]{0,99}")  # the name of a YAML file, without its folder


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def to_dict(experiment: Experiment) -> dict[str, Json]:
    """Return the stored configuration as plain values: what `from_dict` takes."""
    parts: dict[str, Json] = {
        group: {
            "choice": part.choice,
            "target": part.target,
            "options": {name: _plain(value) for name, value in part.options.items()},
        }
        for group, part in experiment.parts.items()
    }
    return {"schema": SCHEMA, "seed": experiment.seed, **parts}


def to_yaml(experiment: Experiment) -> str:
    """Return the stored configuration as the text of `config.yaml`."""
    return yaml.dump(
        to_dict(experiment), Dumper=_NoAliases, sort_keys=False, allow_unicode=True, width=100
    )


def read_file(path: Path, overrides: Sequence[str] = (), plugins: Sequence[str] = ()) -> Experiment:
    """Return the experiment that a file holds; see `from_dict`.

    Raises:
        ConfigError: If the file cannot be read or holds anything but a stored configuration.
    """
    return from_dict(load_file(path), overrides, plugins)


def read_text(text: str, overrides: Sequence[str] = (), plugins: Sequence[str] = ()) -> Experiment:
    """Return the experiment that a text holds; see `from_dict`.

    Raises:
        ConfigError: If it is anything but a stored configuration.
    """
    return from_dict(load(text, "stored configuration"), overrides, plugins)


def from_dict(
    stored: Mapping[str, Any], overrides: Sequence[str] = (), plugins: Sequence[str] = ()
) -> Experiment:
    """Return the experiment that a stored configuration describes.

    Args:
        stored: As `to_dict` gives it, or gave it in an older version. An option that its function
            has got since takes its default.
        overrides: Changes: `seed=7`, `dataset.limit=100`, or another choice, `quant=qat`, whose
            options then come from the YAML files.
        plugins: Packages outside coralexp whose functions it may name; from the command line alone.

    Raises:
        ConfigError: If it is anything but a stored configuration, or an override is wrong; with
            every problem.
    """
    settings, problems = _changes(overrides)
    fresh = {s.key for s in settings if s.key in GROUPS and not isinstance(s.value, dict)}
    composed = None
    if fresh and not problems:
        try:
            composed = parse(_about(fresh, overrides, plugins)).experiments[0]
        except ConfigError as error:
            problems += error.problems
    stored, wrong = _of_today(stored, fresh)
    problems += wrong
    parts: dict[str, Part] = {}
    for group in GROUPS:
        if group in fresh:
            if composed is not None:
                parts[group] = composed[group]
        elif group in stored:
            part, wrong = _read_group(group, stored[group], settings, plugins)
            problems += wrong
            if part is not None:
                parts[group] = part
    seeds = [s for s in settings if s.key == "seed"]
    tree = {"seed": seeds[0].value if seeds else stored.get("seed", 0)}
    seed_and_how, wrong = read_how(tree, {})
    problems += wrong
    if problems or seed_and_how is None:
        raise ConfigError(list(dict.fromkeys(problems)))
    return Experiment(parts, seed_and_how[0], tuple(str(setting) for setting in settings))


def _about(groups: set[str], overrides: Sequence[str], plugins: Sequence[str]) -> list[str]:
    """Return the overrides that matter for some groups, to compose those alone."""
    kept = [
        arg
        for arg in overrides
        if arg.startswith("-") or arg.lstrip("+~").partition("=")[0].partition(".")[0] in groups
    ]
    return [*kept, f"machine.plugins=[{','.join(plugins)}]"]


def _changes(overrides: Sequence[str]) -> tuple[list[Setting], list[Problem]]:
    args, extra, problems = split_flags(overrides)
    conf = find_conf(extra)
    dimensions, wrong = read_overrides(args, lambda group: list(conf.choices(group)))
    problems += [*wrong, *choice_problems(dimensions, conf)]
    known = ("seed", *GROUPS)
    for dimension in dimensions:
        start = dimension.key.partition(".")[0]
        if dimension.is_sweep:
            problems.append(Problem(dimension.key, "one stored run is one job; it cannot be swept"))
        if start not in known:
            problems.append(Problem(dimension.key, unknown("key", start, known)))
    return [dimension.settings[0] for dimension in dimensions], problems


def _of_today(
    stored: Mapping[str, Any], fresh: set[str]
) -> tuple[Mapping[str, Any], list[Problem]]:
    """Translate what an older version wrote, and find what has no place in it."""
    try:
        now = migrate(stored, frozenset(fresh))
    except ConfigError as error:
        return {}, list(error.problems)
    return now, _misplaced(now)


def _misplaced(stored: Mapping[str, Any]) -> list[Problem]:
    problems = [
        Problem(str(key), f"has no place in a stored configuration; it holds {', '.join(_KEYS)}")
        for key in stored
        if key not in _KEYS
    ]
    return problems + [Problem(key, "is missing") for key in _KEYS if key not in stored]


def _read_group(
    group: str, node: Any, settings: Sequence[Setting], plugins: Sequence[str]
) -> tuple[Part | None, list[Problem]]:
    if not isinstance(node, dict) or sorted(node) != sorted(_PART_KEYS):
        return None, [Problem(group, f"expected exactly {', '.join(_PART_KEYS)}")]
    choice, options = node["choice"], node["options"]
    if not isinstance(choice, str) or not isinstance(options, dict) or "_target_" in options:
        return None, [Problem(group, "expected the name of a choice and a mapping of options")]
    if not _CHOICE.fullmatch(choice):
        return None, [Problem(f"{group}.choice", "is no name of a choice")]
    if "${" in repr(node):
        return None, [Problem(group, "holds '${'; a stored configuration has no interpolation")]
    given = {"_target_": node["target"], **options}
    texts: dict[str, str] = {}
    for setting in settings:
        start, _, name = setting.key.partition(".")
        if start != group:
            continue
        if not name:
            given.update(setting.value)  # {width: 1.0}; a choice is composed, not read
        elif setting.removes:
            given.pop(name, None)
        else:
            given[name] = setting.value
            texts |= {} if setting.quoted else {setting.key: setting.text}
    part, _, problems = read_part(group, choice, given, texts, plugins)
    return part, problems


def _plain(value: Value) -> Json:
    return [_plain(item) for item in value] if isinstance(value, tuple) else value
