"""`coralexp store`: what the store has, why, whether it is whole, and what can go."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, Problem
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ACTIONS: Mapping[str, str] = {
    "list": "a row an entry: size, age, the seconds that it took, the runs that use it",
    "show": "everything that is known of one entry",
    "why": "what differs between two entries of one stage, followed to where it began",
    "verify": "read every file and compare its digest; --repair makes damaged entries again",
    "prune": "take away what is old and what no run refers to",
}
# What the Tab key offers behind each.
FLAGS: Mapping[str, Sequence[str]] = {
    "list": ("--stage", "--sort", "--store", "--json", "--help"),
    "show": ("--store", "--json", "--help"),
    "why": ("--store", "--json", "--help"),
    "verify": ("--repair", "--store", "--json", "--help"),
    "prune": (
        "--older-than",
        "--keep-runs",
        "--no-keep-runs",
        "--dry-run",
        "--store",
        "--json",
        "--help",
    ),
}
_USAGE = """\
usage: coralexp store ACTION [...] [store=DIR]

The store holds what each stage made, once, under a key: the hash of everything that decided it.
"""
_END = """
A KEY may be shortened as long as only one entry begins so; `train/3f2a` names the stage, too.
`coralexp store ACTION --help` tells more.

examples:
  coralexp store list --sort size
  coralexp store show 3f2a
  coralexp store why train/3f2a train/b01c
  coralexp store verify --repair
  coralexp store prune --older-than 30d --keep-runs --dry-run
"""


def main(args: Sequence[str]) -> int:
    """Carry out an action on the store.

    Args:
        args: A key of `ACTIONS`, and what that takes.

    Returns:
        Exit status.

    Raises:
        ConfigError: If there is no such action, or it does not take that.
        UnknownEntryError: If no entry has that key, or several begin so.
        StoreError: If the store cannot be read or written.
    """
    words = list(args)
    named = next((n for n in range(len(words)) if _is_action(words, n)), None)
    if named is None:
        sys.stdout.write(_help())
        return 0 if "--help" in words else 2
    action = words.pop(named)
    if action not in ACTIONS:
        raise ConfigError([Problem("store", f"{action!r}: {unknown('action', action, ACTIONS)}")])
    module = importlib.import_module(f"coralexp.cli.store_{action}")
    status: int = module.main(words)
    return status


def _is_action(words: Sequence[str], place: int) -> bool:
    """Return whether a word is neither a flag nor the folder that a flag before it takes."""
    is_value = place > 0 and words[place - 1] == "--store"
    return not is_value and not words[place].startswith(("-", "store="))


def _help() -> str:
    wide = max(map(len, ACTIONS)) + 2
    return _USAGE + "".join(f"\n  {a:<{wide}}{text}" for a, text in ACTIONS.items()) + "\n" + _END
