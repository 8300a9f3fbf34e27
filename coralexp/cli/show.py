"""`--cfg` and `--info`: the configuration itself, and how it came about; nothing is run."""

from __future__ import annotations

import dataclasses
import sys
from typing import TYPE_CHECKING

import yaml

from coralexp.spec.compose import configuration_folders, parse
from coralexp.spec.experiment import GROUPS
from coralexp.spec.stored import to_dict, to_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.spec.experiment import Experiment, Request
    from coralexp.spec.folders import Conf


def print_config(args: Sequence[str], *, everything: bool) -> None:
    """Write the resolved configuration of each job to standard output, as YAML documents.

    Args:
        args: Overrides.
        everything: Also how the jobs would be run, which is no part of a stored configuration.

    Raises:
        ConfigError: If anything is wrong with the overrides.
    """
    request = parse(args)
    for number, experiment in enumerate(request.experiments):
        if request.is_sweep:
            separator = "---\n" if number else ""
            sys.stdout.write(f"{separator}# job {number}: {' '.join(experiment.overrides)}\n")
        sys.stdout.write(to_yaml(experiment))
        if everything:
            sys.stdout.write(_how(request))


def print_info(args: Sequence[str], topic: str) -> None:
    """Write where the configuration comes from to standard output.

    Args:
        args: Overrides.
        topic: `searchpath`, `defaults`, `config`, or anything else for all of them.

    Raises:
        ConfigError: If anything is wrong with the overrides.
    """
    conf = configuration_folders(args)
    request = parse(args)
    sections = {
        "searchpath": _search_path(conf),
        "defaults": _defaults(conf),
        "defaults-tree": _defaults(conf),
        "config": _jobs(request, conf),
        "plugins": _plugins(request),
    }
    chosen = [topic] if topic in sections else ["searchpath", "defaults", "plugins", "config"]
    for number, name in enumerate(chosen):
        sys.stdout.write("\n" * bool(number) + "\n".join(sections[name]) + "\n")


def _how(request: Request) -> str:
    fields = dataclasses.asdict(request.how) | {"store": str(request.how.store)}
    fields["machine"] = {
        "plugins": list(request.machine.plugins),
        "compiler": request.machine.compiler,
        "delegate": request.machine.delegate,
        "python": request.machine.python,
        "host": request.machine.host,
        "hosts": list(request.machine.hosts),
    }
    return yaml.safe_dump(fields, sort_keys=False)


def _search_path(conf: Conf) -> Iterator[str]:
    yield "search path (the first folder that has a file wins)"
    for number, folder in enumerate(conf.folders, start=1):
        yield f"  {number}. {folder}"


def _defaults(conf: Conf) -> Iterator[str]:
    yield f"defaults (from {conf.primary})"
    for group, choice in conf.defaults.items():
        yield f"  {group}: {'null' if choice is None else choice}"


def _plugins(request: Request) -> Iterator[str]:
    yield f"plugins: {', '.join(request.machine.plugins) or 'none'}"


def _jobs(request: Request, conf: Conf) -> Iterator[str]:
    count = len(request.experiments)
    yield f"{count} job{'s' * (count != 1)}{' (a sweep)' * request.is_sweep}"
    for number, experiment in enumerate(request.experiments):
        words = " ".join(experiment.overrides)
        yield f"  job {number}: {words or 'the defaults'}"
        yield from (f"    {line}" for line in _parts(experiment, conf))


def _parts(experiment: Experiment, conf: Conf) -> Iterator[str]:
    wide = max(len(part.choice) for part in experiment.parts.values())
    for group in GROUPS:
        part = experiment[group]
        path = conf.choices(group).get(part.choice)
        yield f"{group:<9} {part.choice:<{wide}}  {part.target}  ({path})"
    yield f"seed      {to_dict(experiment)['seed']}"
