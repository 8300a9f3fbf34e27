"""`coralexp board`: who measures on a board, for which job, since when, and who waits for it."""

from __future__ import annotations

import argparse
import json
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coralexp.boards.order import MeasureOrder
from coralexp.errors import ConfigError, OptionError, Problem
from coralexp.spec.board_address import read_address

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.artifacts.record import Json

_EPILOG = """\
examples:
  coralexp board mendel@192.168.100.2
  coralexp board pi@lab-7 --release          ends your own measurement there
  coralexp board pi@lab-7 --release --force  ends it whoever asked for it

exit status: 0; 1 if the board does not answer, or the measurement is another's; 2 for a wrong name
"""
_MINUTE_S = 60


def main(args: Sequence[str]) -> int:
    """Print who holds a board, or take it from them.

    Args:
        args: Its address, and what to do.

    Returns:
        0.

    Raises:
        ConfigError: If that is no address.
        BoardError: If it does not answer, or the measurement that is to end is another's.
    """
    asked = _parser().parse_args(args)
    if asked.force and not asked.release:
        raise ConfigError([Problem("--force", "goes with --release")])
    try:
        address = read_address(asked.host)
    except OptionError as error:
        raise ConfigError([Problem("HOST", error.text)]) from error
    from coralexp.boards.ssh.board import ask_hold

    order = MeasureOrder(Path(), job="a look at the board")
    found = ask_hold(order, address, asked.python, release=asked.release, force=asked.force)
    if asked.json:
        sys.stdout.write(json.dumps(found, indent=1) + "\n")
        return 0
    lines = _released(found) if asked.release else _told(found)
    sys.stdout.write(f"{address}: " + "\n".join(lines) + "\n")
    return 0


def _told(found: Mapping[str, Json]) -> Iterator[str]:
    now = float(cast("float", found.get("now", time.time())))
    holder = cast("dict[str, Json] | None", found["holder"])
    yield "nobody measures there" if holder is None else f"held by {_who(holder, now)}"
    for one in cast("list[dict[str, Json]]", found["waiting"]):
        yield f"  waits: {_who(one, now)}"


def _released(found: Mapping[str, Json]) -> Iterator[str]:
    holder = cast("dict[str, Json] | None", found["released"])
    if holder is None:
        yield "nobody measures there"
    else:
        yield f"released; it was held by {_who(holder, time.time())}"


def _who(about: Mapping[str, Json], now: float) -> str:
    """Return who it is, for what and since when, by this machine's clock."""
    who = str(about.get("owner") or f"the board's user {about.get('user', 'unknown')}")
    if "asker" in about:
        who += f" (process {about['asker']})"
    words = [who, f"for {about.get('job', 'something')}"]
    since = about.get("since")
    if isinstance(since, int | float):
        age_s = max(0.0, now - since)
        began = time.strftime("%H:%M:%S", time.localtime(time.time() - age_s))
        length = f"{age_s:.0f} s" if age_s < _MINUTE_S else f"{age_s / _MINUTE_S:.0f} min"
        words.append(f"since {began} ({length})")
    return ", ".join(words)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coralexp board",
        description=__doc__,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "host", metavar="HOST", help="a board over SSH: USER@HOST or USER@HOST:PORT"
    )
    parser.add_argument(
        "--release",
        action="store_true",
        help="end the measurement that holds it, if this user asked for it from this machine",
    )
    parser.add_argument("--force", action="store_true", help="end it whoever asked for it")
    parser.add_argument("--python", metavar="PATH", help="interpreter there, in place of python3")
    parser.add_argument("--json", action="store_true", help="the same for programs")
    return parser
