"""`coralexp store why KEY1 KEY2`: what differs between two entries of one stage."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from coralexp.artifacts.differences import differences
from coralexp.artifacts.entries import entries, find_entry
from coralexp.cli.store_words import parser_of, read_words, write_json
from coralexp.errors import ConfigError, Problem
from coralexp.report.store_why import to_dict, why_lines

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Tell what differs between two entries of one stage: why the second was made although the first was
there. Where they were made from different entries of a stage before, those are compared as well,
down to where the difference began; it is told there, once."""
_EPILOG = """\
examples:
  coralexp store why 3f2a9c b01c77
  coralexp store why train/3f2a train/b01c --json | jq '.differences[].changes'
"""


def main(args: Sequence[str]) -> int:
    """Print what differs.

    Args:
        args: Words behind `why`.

    Returns:
        0, whether anything differs or not.

    Raises:
        ConfigError: If a word is not known, or the entries are of different stages.
        UnknownEntryError: If there is no such entry, or several begin so.
    """
    parser = parser_of("why", _DESCRIPTION, _EPILOG)
    parser.add_argument("first", metavar="KEY1", help="the one")
    parser.add_argument("second", metavar="KEY2", help="the other, of the same stage")
    asked, store = read_words(parser, args)
    known = entries(store)
    first, second = find_entry(known, asked.first), find_entry(known, asked.second)
    if first.stage != second.stage:
        text = f"{first.name} and {second.name} are of different stages; name two of one stage"
        raise ConfigError([Problem(parser.prog, text)])
    found = differences(first, second, known)
    if asked.json:
        write_json(to_dict(first, second, found))
    else:
        sys.stdout.writelines(f"{line}\n" for line in why_lines(first, second, found))
    return 0
