"""`coralexp store list`: what the store has, and which runs use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.entries import entries, stages
from coralexp.artifacts.leftovers import leftovers
from coralexp.artifacts.uses import read_uses
from coralexp.cli.store_words import parser_of, read_words, warn_of_unreadable, write_json
from coralexp.errors import ConfigError, Problem
from coralexp.report.store_list import print_list, to_dict
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
List what each stage made: a row an entry, then the totals of each stage.

`made in` is how long the work took, whoever did it; `runs` how many runs refer to the entry, and
`latest run` the last of them; `store show KEY` names them all. Besides the entries there may be
checkpoints of trainings that were killed, which go on from there when the command is given again;
drafts, which are being made or were left by a killed process; folders of `coralexp reproduce`; and
what a stage that failed printed."""
_EPILOG = """\
examples:
  coralexp store list
  coralexp store list --stage train --sort age     the oldest last
  coralexp store list --sort size                  the largest first
  coralexp store list --json | jq '.entries[] | select(.runs == []) | .key'
"""


def main(args: Sequence[str]) -> int:
    """Print what the store has.

    Args:
        args: Words behind `list`.

    Returns:
        0.

    Raises:
        ConfigError: If a word is not known.
        UnknownEntryError: If there is no store.
    """
    parser = parser_of("list", _DESCRIPTION, _EPILOG)
    parser.add_argument("--stage", metavar="STAGE", help="only that stage: dataset, train, ...")
    parser.add_argument(
        "--sort",
        metavar="BY",
        help="size, the largest first; or age, the newest first (default: by stage)",
    )
    asked, store = read_words(parser, args)
    if asked.sort not in {None, "size", "age"}:
        raise ConfigError([Problem("--sort", unknown("order", asked.sort, ("size", "age")))])
    if asked.stage is not None and asked.stage not in stages(store):
        raise ConfigError([Problem("--stage", unknown("stage", asked.stage, stages(store)))])
    found = [entry for entry in entries(store) if asked.stage in {None, entry.stage}]
    if asked.sort == "size":
        found.sort(key=lambda entry: -entry.size_bytes)
    elif asked.sort == "age":
        found.sort(key=lambda entry: -entry.made)
    uses = read_uses(store.runs)
    beside = [one for one in leftovers(store) if asked.stage in {None, one.stage}]
    if asked.json:
        write_json(to_dict(found, uses, beside))
    else:
        from rich.console import Console

        print_list(found, uses, beside, Console())
        warn_of_unreadable(uses)
    return 0
