"""What to say when a name is not known: the nearest known one, or all of them."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_LIKENESS = 0.6  # of difflib: 'qta' and 'qat' have 0.67, two words by chance below 0.5


def nearest(word: str, known: Iterable[str]) -> str | None:
    """Return the known name most like a word, or None if no one is like it."""
    names = list(known)
    found = difflib.get_close_matches(word.lower(), [name.lower() for name in names], 1, _LIKENESS)
    return next((name for name in names if found and name.lower() == found[0]), None)


def way_out(word: str, known: Iterable[str]) -> str:
    """Return the end of a sentence: `did you mean 'width'?` or `expected one of: a, b`."""
    names = list(known)
    if not names:
        return "there are none"
    close = nearest(word, names)
    return f"did you mean {close!r}?" if close else f"expected one of: {', '.join(names)}"


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """Return `unknown option, did you mean 'width'?` and the like.

    Args:
        what: What the word should have named: `option`, `choice`, `key`.
        word: What was written.
        known: Everything that could have been written.
    """
    return f"unknown {what}, {way_out(word, known)}"
