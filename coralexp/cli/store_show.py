"""`coralexp store show KEY`: everything that is known of one entry."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.entries import entries, find_entry
from coralexp.artifacts.uses import read_uses
from coralexp.cli.store_words import parser_of, read_words, warn_of_unreadable, write_json
from coralexp.report.store_show import print_entry, to_dict

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Tell everything that is known of one entry: when and from what it was made, what was made of it,
the runs that use it, its files with their digests, its metrics, and its ingredients, that is
everything that was hashed into its key."""
_EPILOG = """\
examples:
  coralexp store show 3f2a9c
  coralexp store show evaluate/6efb --json | jq .metrics.accuracy
"""


def main(args: Sequence[str]) -> int:
    """Print one entry.

    Args:
        args: Words behind `show`.

    Returns:
        0.

    Raises:
        ConfigError: If a word is not known.
        UnknownEntryError: If there is no such entry, or several begin so.
    """
    parser = parser_of("show", _DESCRIPTION, _EPILOG)
    parser.add_argument("key", metavar="KEY", help="as `store list` shows it, or less of it")
    asked, store = read_words(parser, args)
    known = entries(store)
    entry = find_entry(known, asked.key)
    uses = read_uses(store.runs)
    if asked.json:
        write_json(to_dict(entry, known, uses))
    else:
        from rich.console import Console

        print_entry(entry, known, uses, Console())
        warn_of_unreadable(uses)
    return 0
