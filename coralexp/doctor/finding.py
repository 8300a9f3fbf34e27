"""What one check found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Mark = Literal["ok", "absent", "note", "missing"]


@dataclass(frozen=True)
class Finding:
    """The answer of one check.

    Attributes:
        name: What was looked at, such as `libedgetpu`.
        mark: `ok`; `absent`: not here, and the configuration does not need it; `note`: works, or
            may work, and there is something to know; `missing`: the configuration needs it.
        found: What was found, one line.
        remedy: What to do, one line that can be copied as far as it is a command; empty if nothing
            is to be done.
    """

    name: str
    mark: Mark
    found: str
    remedy: str = ""


def absent(name: str, found: str, remedy: str = "", *, needed: bool) -> Finding:
    """Return the finding of something that is not here."""
    return Finding(name, "missing" if needed else "absent", found, remedy)
