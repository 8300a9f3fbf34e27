"""From what the user wrote to a request: composed, checked, all problems of all jobs at once."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from coralexp.errors import ConfigError, Problem
from coralexp.spec import dry_run
from coralexp.spec.assembly import Assembled, assemble
from coralexp.spec.composition import Composer
from coralexp.spec.experiment import Experiment, Request
from coralexp.spec.findings import Findings
from coralexp.spec.folders import Conf, find_conf
from coralexp.spec.overrides import Dimension, read_overrides
from coralexp.spec.suggestions import unknown
from coralexp.spec.sweep import choice_problems, expand
from coralexp.spec.top_level import TOP_LEVEL_KEYS

Check = Callable[[Experiment, tuple[str, ...]], list[Problem]]

_CONFIG_DIR = ("--config-dir", "-cd")
_IDLE = ("-m", "--multirun")  # Hydra's; a sweep is known by its values


def parse(
    args: Sequence[str], *, check: Check | None = None, user_conf: Path | None = None
) -> Request:
    """Return what the arguments ask for.

    Args:
        args: Overrides in Hydra's grammar, such as `backbone.width=0.5` and `quant=ptq,qat`;
            `--config-dir=DIR` adds a folder of YAML files that is searched first.
        check: Tells what is impossible about an experiment, given the plugins too. It may get one
            that lacks a part, if something is wrong with that part already.
        user_conf: The user's own folder of YAML files; `conf` in the working folder if None.

    Returns:
        The jobs in Hydra's order: the last swept key varies fastest.

    Raises:
        ConfigError: If anything is wrong, with everything that is.
    """
    findings = Findings()
    overrides, extra, problems = split_flags(args)
    findings.add_all(problems)
    conf = find_conf(extra, user_conf)
    dimensions, problems = read_overrides(overrides, lambda group: list(conf.choices(group)))
    findings.add_all(problems)
    findings.add_all(choice_problems(dimensions, conf))
    findings.add_all(_swept_settings(dimensions))
    composer = Composer(conf)
    jobs, dimensions, problems = expand(dimensions, composer)
    findings.add_all(problems)

    assembled: list[Assembled] = []
    with dry_run.remembering():
        for job in jobs:
            try:
                one = assemble(job, composer(job.choices), conf)
            except ConfigError as error:
                findings.add(job, error.problems)
                continue
            findings.add(job, one.problems)
            if check is not None:
                findings.add(job, check(one.experiment, one.machine.plugins))
            assembled.append(one)
    findings.raise_if_any(jobs, dimensions)
    return Request(
        experiments=tuple(one.experiment for one in assembled),
        how=assembled[0].how,
        machine=assembled[0].machine,
        is_sweep=any(dimension.is_sweep for dimension in dimensions),
    )


def split_flags(args: Sequence[str]) -> tuple[list[str], list[Path], list[Problem]]:
    """Tell overrides from flags.

    Returns:
        The overrides, the folders of `--config-dir`, and what is wrong.
    """
    overrides: list[str] = []
    folders: list[Path] = []
    problems: list[Problem] = []
    rest = list(args)
    while rest:
        arg = rest.pop(0)
        flag, equals, value = arg.partition("=")
        if not arg.startswith("-"):
            overrides.append(arg)
        elif flag in _CONFIG_DIR:
            folder = Path(value if equals or not rest else rest.pop(0)).expanduser()
            folders.append(folder)
            if not folder.is_dir():
                problems.append(Problem("--config-dir", f"{str(folder)!r} is no folder"))
        elif arg not in _IDLE:
            problems.append(Problem(flag, unknown("flag", flag, [*_CONFIG_DIR, *_IDLE])))
    return overrides, folders, problems


def configuration_folders(args: Sequence[str], user_conf: Path | None = None) -> Conf:
    """Return the folders that the same arguments make `parse` search."""
    return find_conf(split_flags(args)[1], user_conf)


def _swept_settings(dimensions: Sequence[Dimension]) -> list[Problem]:
    return [
        Problem(dimension.key, "cannot be swept: it holds for the whole command")
        for dimension in dimensions
        if len(dimension.settings) > 1
        and dimension.key != "seed"
        and dimension.key.partition(".")[0] in TOP_LEVEL_KEYS
    ]
