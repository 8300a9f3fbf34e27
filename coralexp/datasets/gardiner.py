"""Gardiner's sign list: 1,071 hieroglyphs, their codes, and in which order they are taken.

Codes and code points: the Unicode block Egyptian Hieroglyphs, U+13000 to U+1342E, whose names
follow Gardiner's Egyptian Grammar (3rd edition, 1957): `EGYPTIAN HIEROGLYPH AA028` is Aa28.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from itertools import zip_longest
from string import ascii_uppercase, digits

FIRST, LAST = 0x13000, 0x1342E

# The signs of one consonant, in the order of the dictionaries: the first that anybody learns.
# fmt: off
ALPHABET = (
    "G1", "M17", "D36", "G43", "D58", "Q3", "I9", "G17", "N35", "D21", "O4", "V28",
    "Aa1", "F32", "O34", "S29", "N37", "N29", "V31", "W11", "X1", "V13", "D46", "I10",
)
# fmt: on

# Signs that Noto Sans Egyptian Hieroglyphs draws like another but for a detail or the size: fitted
# into one square, their drawings correlate by more than 0.99.
TWINS = ("E11", "E38", "NL10", "NL11", "S41", "Z13")

_NAME = re.compile(r"EGYPTIAN HIEROGLYPH ([A-Z]+)(\d+)([A-Z]?)")


def code(sign: str) -> str:
    """Return the Gardiner code of one character, such as `A1`, `A6A`, `Aa28` or `NL5`.

    Raises:
        ValueError: If it is no hieroglyph.
    """
    match = _NAME.fullmatch(unicodedata.name(sign, ""))
    if match is None:
        raise ValueError(f"{sign!r} is no Egyptian hieroglyph")
    category, number, variant = match.groups()
    return f"{'Aa' if category == 'AA' else category}{int(number)}{variant}"


@functools.cache
def signs() -> dict[str, str]:
    """Return every sign by its code, in the order of Unicode."""
    characters = map(chr, range(FIRST, LAST + 1))
    return {code(character): character for character in characters}


@functools.cache
def order() -> tuple[str, ...]:
    """Return all codes in the order in which a dataset takes them.

    First the alphabet. Then round and round the categories of the list (A: men, B: women, ...
    Z: strokes, Aa: unclassified), a sign of each, so that few signs are signs of many kinds.
    Variants, whose codes end in a letter, follow the plain signs in the same way; twins come last.
    """
    taken = {*ALPHABET, *TWINS}
    plain = [name for name in signs() if name not in taken and name[-1].isdigit()]
    variants = [name for name in signs() if name not in taken and not name[-1].isdigit()]
    return (*ALPHABET, *_round(plain), *_round(variants), *TWINS)


def _round(names: list[str]) -> list[str]:
    """Return the names so that each category has had its turn before one has its next."""
    categories: dict[str, list[str]] = {}
    for name in names:
        categories.setdefault(name.rstrip(ascii_uppercase).rstrip(digits), []).append(name)
    turns = zip_longest(*categories.values())
    return [name for turn in turns for name in turn if name is not None]
