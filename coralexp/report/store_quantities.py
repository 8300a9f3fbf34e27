"""Sizes and ages of a store's things, in words short enough for a table."""

from __future__ import annotations

import time

from coralexp.report.quantities import size

_STEPS = ((60.0, 1.0, "s"), (3600.0, 60.0, "min"), (2 * 86400.0, 3600.0, "h"))
_DAY_S = 86400.0
_GIB = 1024**3
_NAME = 10  # digits of a key in a table: enough to be told from others, and to be given back


def span(seconds: float) -> str:
    """Return a stretch of time: `0.3 s`, `12 s`, `5 min`, `7 h`, `40 d`."""
    for below, unit_s, unit in _STEPS:
        if seconds < below:
            digits = 1 if seconds < 10 else 0  # noqa: PLR2004 - one digit and a fraction
            return f"{seconds / unit_s:.{digits if unit == 's' else 0}f} {unit}"
    return f"{seconds / _DAY_S:.0f} d"


def weight(size_bytes: float) -> str:
    """Return a size: `12 B`, `712 KiB`, `3.4 MiB`, `1.2 GiB`."""
    if size_bytes < 1024:  # noqa: PLR2004 - a KiB
        return f"{size_bytes:.0f} B"
    return f"{size_bytes / _GIB:.1f} GiB" if size_bytes >= _GIB else size(size_bytes)


def moment(seconds: float) -> str:
    """Return a time of this place: `2026-11-23 16:50:12`."""
    return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(seconds))


def short(key: str) -> str:
    """Return the beginning of a key, which the command takes for it."""
    return key[:_NAME]


def count(number: int, what: str, several: str = "") -> str:
    """Return `1 entry`, `3 entries`."""
    return f"{number} {what if number == 1 else several or what + 's'}"
