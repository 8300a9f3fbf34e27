"""Sizes as the compiler prints them."""

from __future__ import annotations

import re

from coralexp.edgetpu.compiler.output import Size

SIZE = r"\d[\d,]*(?:\.\d+)?\s*(?:[KMG]i?)?(?:B|bytes)\b"
_PARTS = re.compile(
    r"(?P<number>\d[\d,]*)(?:\.(?P<decimals>\d+))?\s*(?P<unit>[KMG]?)i?(?:B|bytes)\b"
)
_UNITS = {"": 1, "K": 2**10, "M": 2**20, "G": 2**30}
_MOST_DIGITS = 18


def read_size(text: str) -> Size | None:
    """Return the size at the start of a text such as `6.08MiB`, or None if there is none.

    Units are of 1024, also where a copy writes `KB`: the compiler counts no other way.
    """
    found = _PARTS.match(text.strip())
    if found is None:
        return None
    whole = found["number"].replace(",", "")
    decimals = found["decimals"] or ""
    if len(whole) + len(decimals) > _MOST_DIGITS:
        return None
    unit = _UNITS[found["unit"]]
    scale = 10 ** len(decimals)
    value = (int(whole + decimals) * unit + scale // 2) // scale
    rounding = -(-unit // (2 * scale)) if unit > 1 else 0
    return Size(found.group(), value, rounding)
