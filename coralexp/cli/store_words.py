"""What all actions of `coralexp store` take and print: where the store is, JSON, warnings."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.errors import ConfigError, Problem, UnknownEntryError
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.artifacts.uses import Uses

SCHEMA = 1  # of what `--json` prints; raised when a name of it changes its meaning or goes


def parser_of(action: str, description: str, epilog: str) -> argparse.ArgumentParser:
    """Return a parser that knows where the store is and whether to speak to programs."""
    parser = argparse.ArgumentParser(
        f"coralexp store {action}",
        description=description,
        epilog=epilog,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--store",
        default=".coralexp",
        metavar="DIR",
        help="the store, also written store=DIR (default: %(default)s)",
    )
    parser.add_argument("--json", action="store_true", help="the same for programs, to stdout")
    return parser


def read_words(
    parser: argparse.ArgumentParser, args: Sequence[str]
) -> tuple[argparse.Namespace, Store]:
    """Return what was asked for, and the store.

    Raises:
        ConfigError: If a word or flag is not known; with the nearest that is.
        UnknownEntryError: If there is no store.
    """
    words = [word for word in args if not word.startswith("store=")]
    stores = [word.removeprefix("store=") for word in args if word.startswith("store=")]
    asked, odd = parser.parse_known_args(words)
    if odd:
        flags = [word for word in odd if word.startswith("-")]
        raise ConfigError([_refused(word, parser) for word in flags or odd])
    root = Path(stores[-1] if stores else asked.store).expanduser()
    if not root.is_dir():
        raise UnknownEntryError(
            f"store={root}: there is no such folder; `coralexp` makes .coralexp, and store=FOLDER "
            f"names another"
        )
    return asked, Store(root)


def _refused(word: str, parser: argparse.ArgumentParser) -> Problem:
    flag = word.partition("=")[0]
    if flag.startswith("-"):
        usage = parser.format_usage().translate(str.maketrans("[]|,", "    ")).split()
        known = dict.fromkeys(["--help", *(word for word in usage if word.startswith("--"))])
        return Problem(parser.prog, f"{flag}: {unknown('flag', flag, known)}")
    return Problem(parser.prog, f"{word!r}: one word too many; {parser.prog} --help tells more")


def write_json(content: Mapping[str, Json]) -> None:
    """Write an object to standard output, its schema first."""
    sys.stdout.write(json.dumps({"schema": SCHEMA, **content}, indent=1, ensure_ascii=False) + "\n")


def warn_of_unreadable(uses: Uses) -> None:
    """Name the files among the run records that cannot be read, on standard error."""
    for path in uses.unreadable:
        sys.stderr.write(f"coralexp: {path}: is no run record that this version can read\n")
    for path in uses.closed:
        sys.stderr.write(f"coralexp: {path}: cannot be read; which entries it uses is not known\n")
