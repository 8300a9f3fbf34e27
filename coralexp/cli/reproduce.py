"""`coralexp reproduce`: a stored configuration, run again."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.cli.run import carry_out, report
from coralexp.errors import ConfigError, UnknownRunError
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Request
from coralexp.spec.stored import from_dict, read_file
from coralexp.spec.top_level import TOP_LEVEL_KEYS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.spec.experiment import Experiment

CONFIG = "config.yaml"


def main(args: Sequence[str]) -> int:
    """Run a stored configuration again and print the table.

    Args:
        args: A file, a folder that holds `config.yaml`, or the id of a run; then changes such as
            `seed=7`, and how to run it, such as `store=FOLDER`.

    Returns:
        0, or 1 if the job failed.

    Raises:
        ConfigError: If it is no stored configuration, or a change is wrong.
        UnknownRunError: If there is neither such a file nor such a run.
    """
    parser = argparse.ArgumentParser(prog="coralexp reproduce", description=__doc__)
    parser.add_argument(
        "source", metavar="PATH_OR_RUN_ID", help=f"{CONFIG}, its folder, or a run's id"
    )
    parser.add_argument(
        "overrides",
        nargs="*",
        metavar="KEY=VALUE",
        help="what is to be different: seed=7, quant=qat",
    )
    asked, flags = parser.parse_known_args(args)
    asked.overrides += flags  # --config-dir=FOLDER
    here = [item for item in asked.overrides if _is_how(item)]
    changes = [item for item in asked.overrides if not _is_how(item)]
    shell = parse(here)
    experiment = _read(asked.source, Store(shell.how.store), changes, shell.machine.plugins)
    wrong = problems(experiment, shell.machine.plugins)
    if wrong:
        raise ConfigError(wrong)
    request = Request((experiment,), shell.how, shell.machine)
    return report(carry_out(request, ["reproduce", *args]))


def _is_how(override: str) -> bool:
    """Return whether an override says how or where to run, which no stored configuration does."""
    key = override.partition("=")[0].partition(".")[0]
    return key in TOP_LEVEL_KEYS and key != "seed"


def _read(
    source: str, store: Store, changes: Sequence[str], plugins: tuple[str, ...]
) -> Experiment:
    path = Path(source)
    if path.is_dir():
        path /= CONFIG
    if path.is_file():
        return read_file(path, changes, plugins)
    record = store.runs.find(source)
    if record.kind == "sweep":
        ids = [run.id for run in store.runs if run.sweep == record.id]
        raise UnknownRunError(f"{source}: is a sweep; name one of its runs: {', '.join(ids)}")
    return from_dict(record.config, changes, plugins)
