"""`coralexp --help`: what can be asked; with choices behind it, what can be set about them."""

from __future__ import annotations

import importlib.metadata
import os
import shutil
import sys
import textwrap
from typing import TYPE_CHECKING

from coralexp.cli.verbs import VERBS
from coralexp.errors import ConfigError
from coralexp.spec.assembly import with_settings
from coralexp.spec.compose import configuration_folders, split_flags
from coralexp.spec.composition import Composer
from coralexp.spec.docstring import argument_texts
from coralexp.spec.experiment import GROUPS
from coralexp.spec.folders import Conf, description
from coralexp.spec.kinds import shown
from coralexp.spec.overrides import read_overrides
from coralexp.spec.part import options_of, resolve
from coralexp.spec.signature import MISSING
from coralexp.spec.sweep import CHOOSING, choice_problems
from coralexp.spec.top_level import how, machine, read_machine

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

_USAGE = """\
usage: coralexp [VERB] [key=value ...]          (or: python -m coralexp ...)

Six choices make a job: a dataset, a backbone, a head, a quantization mode, a device and a training.
The job is trained, quantized, assessed for the Edge TPU and logged; what was made before is reused.
"""
_FLAGS = {
    "-h, --help [key=value ...]": "this text; with choices, the options of those choices",
    "--version": "the version of coralexp",
    "-c, --cfg job|all": "print the configuration of each job, and do nothing",
    "--info [TOPIC]": "print where the configuration comes from: defaults, searchpath, config",
    "-cd, --config-dir DIR": "a folder of YAML files that is searched first; ./conf comes next",
    "-m, --multirun": "taken for Hydra's sake; a sweep is known by its values",
}
_EXAMPLES = {
    "coralexp": "one job with the defaults",
    "coralexp backbone=mobilenetv2 quant=ptq,qat": "two jobs that share one training",
    "coralexp 'backbone.width=choice(0.35,1.0)' seed=1,2,3": "a sweep of six jobs",
    "coralexp plan training=quick": "what that would take",
    "coralexp --help backbone=mobilenetv2": "what can be set about a choice",
}
_WIDEST = 44  # of a left column, in characters; a longer entry gets a line of its own


def version() -> str:
    """Return the version that is installed, or `0+source` for a folder that is not."""
    try:
        return importlib.metadata.version("coralexp")
    except importlib.metadata.PackageNotFoundError:
        return "0+source"


def print_help(args: Sequence[str]) -> None:
    """Write the help to standard output.

    Args:
        args: Overrides whose choices are to be explained; all that can be asked if there are none.
    """
    lines = _about_choices(args) if split_flags(args)[0] else _about_everything(args)
    sys.stdout.write("\n".join(lines) + "\n")


def _about_everything(args: Sequence[str]) -> Iterator[str]:
    conf = configuration_folders(args)
    yield _USAGE
    yield _bold("verbs")
    yield from _table(VERBS)
    yield ""
    for group in GROUPS:
        yield _bold(group)
        yield from _table(dict(_choices(conf, group)))
        yield ""
    yield _bold("options") + "   an option of a choice is written group.option=value"
    own = {f"machine.{name}": text for name, text in argument_texts(machine).items()}
    texts = argument_texts(how) | own
    yield from _table(texts)
    yield ""
    yield _bold("flags")
    yield from _table(_FLAGS)
    yield ""
    yield _bold("examples")
    yield from _table(_EXAMPLES)


def _choices(conf: Conf, group: str) -> Iterator[tuple[str, str]]:
    for name, path in conf.choices(group).items():
        is_default = conf.defaults.get(group) == name
        yield f"{group}={name}", description(path) + (" (default)" if is_default else "")


def _about_choices(args: Sequence[str]) -> Iterator[str]:
    """Yield the options of the named choices, also where values that they need are missing."""
    conf = configuration_folders(args)
    dimensions, problems = read_overrides(split_flags(args)[0], lambda g: list(conf.choices(g)))
    problems += choice_problems(dimensions, conf)
    if problems:
        raise ConfigError(problems)
    composer = Composer(conf)
    settings = [setting for d in dimensions for setting in d.settings]
    values = [s for s in settings if s.key not in CHOOSING]
    chosen = [(s.key, str(s.value)) for s in settings if s.key in GROUPS]
    named = {s.key.partition(".")[0] for s in values} - {group for group, _ in chosen}
    chosen += [(group, conf.defaults.get(group) or "") for group in GROUPS if group in named]
    for group, choice in chosen:
        tree, *_ = with_settings(composer({group: choice}).tree, values)
        here, _ = read_machine(tree.get("machine"))
        yield f"{_bold(f'{group}={choice}')}   {description(conf.choices(group)[choice])}"
        yield from _table(_options(group, tree[group], here.plugins))
        yield ""


def _options(group: str, node: Mapping[str, object], plugins: Sequence[str]) -> dict[str, str]:
    function = resolve(str(node.get("_target_")), group, plugins)
    texts = argument_texts(function)
    rows = {}
    for name, option in options_of(function, group).items():
        value = node.get(name, MISSING if option.required else option.default)
        given = "..." if value == MISSING else shown(value)
        told = [texts.get(name, ""), f"[{option.kind.words()}{', needed' * (given == '...')}]"]
        rows[f"{group}.{name}={given}"] = " ".join(told).strip()
    return rows or {"": "nothing can be set about it"}


def _table(rows: Mapping[str, str]) -> Iterator[str]:
    """Yield lines in two columns, the right one wrapped to the terminal's width."""
    wide = min(max((len(left) for left in rows), default=0), _WIDEST)
    room = max(shutil.get_terminal_size((100, 24)).columns, 60) - wide - 6
    for left, right in rows.items():
        first, *others = textwrap.wrap(right, room) or [""]
        gap = " " * (wide - len(left) + 2)
        if len(left) > wide:
            yield f"  {_colored(left)}"
            gap = " " * (wide + 2)
            yield f"  {gap}{first}"
        else:
            yield f"  {_colored(left)}{gap}{first}".rstrip()
        for other in others:
            yield " " * (wide + 4) + other


def _is_colored() -> bool:
    return sys.stdout.isatty() and "NO_COLOR" not in os.environ and os.environ.get("TERM") != "dumb"


def _bold(text: str) -> str:
    return f"\033[1m{text}\033[0m" if _is_colored() else text


def _colored(text: str) -> str:
    return f"\033[36m{text}\033[0m" if _is_colored() else text
