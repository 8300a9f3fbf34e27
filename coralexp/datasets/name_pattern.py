"""The class of a picture, read from its file's name by a regular expression of the user's.

Some expressions, such as `(a+)+b`, take Python longer than anyone waits. So names are looked at in
a process of its own, which is ended when its time is up.
"""

from __future__ import annotations

import functools
import json
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Sequence

OPTION = "label_from"
TIME_S = 10.0
MOST_CHARACTERS = 500
SHOWN = 5

_LOOK = """
import json, re, sys
pattern, group, names = json.load(sys.stdin)
found = (re.compile(pattern).search(name) for name in names)
json.dump([match and match[group] for match in found], sys.stdout)
"""


def labels_of(pattern: str, names: Sequence[str]) -> list[str]:
    """Return the class in each name.

    Args:
        pattern: Searched for in a name; its one named group is the class, or its only group.
        names: Of files, without their folders.

    Raises:
        OptionError: If it is no regular expression, has no such group, takes too long, or is not
            found in every name.
    """
    group = _group(pattern)
    labels = _search(pattern, group, tuple(names))
    strangers = [name for name, label in zip(names, labels, strict=True) if not label]
    if strangers:
        more = f" and {len(strangers) - SHOWN} more" if len(strangers) > SHOWN else ""
        raise OptionError(
            OPTION,
            f"{pattern!r} finds no class in {len(strangers)} of {len(names)} file names: "
            f"{', '.join(strangers[:SHOWN])}{more}",
        )
    return [str(label) for label in labels]


def _group(pattern: str) -> int | str:
    """Return the group that is the class, a name or 1."""
    if len(pattern) > MOST_CHARACTERS:
        raise OptionError(OPTION, f"has {len(pattern)} characters; at most {MOST_CHARACTERS}")
    try:
        compiled = re.compile(pattern)
    except (re.error, OverflowError, RecursionError) as error:
        raise OptionError(OPTION, f"{pattern!r} is no regular expression: {error}") from error
    named = list(compiled.groupindex)
    if len(named) == 1:
        return named[0]
    if not named and compiled.groups == 1:
        return 1
    raise OptionError(
        OPTION,
        f"{pattern!r} has {compiled.groups} groups; expected one, in brackets, around the class, "
        "such as '^([a-z]+)_'; others are written (?:...), or the class (?P<label>...)",
    )


@functools.lru_cache(maxsize=4)
def _search(pattern: str, group: int | str, names: tuple[str, ...]) -> list[str | None]:
    try:
        done = subprocess.run(
            [sys.executable, "-I", "-S", "-c", _LOOK],
            input=json.dumps([pattern, group, names]),
            capture_output=True,
            text=True,
            check=True,
            timeout=TIME_S,
        )
    except subprocess.TimeoutExpired as error:
        raise OptionError(
            OPTION,
            f"{pattern!r} takes more than {TIME_S:.0f} s for {len(names)} names; a repetition "
            "within a repetition does that, such as (a+)+",
        ) from error
    found: list[str | None] = json.loads(done.stdout)
    return found
