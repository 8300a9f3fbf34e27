"""The sweep of `sweep_once.py` given again, against its first time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import give
from promise import Found, Promise
from sweep_once import SCALE, sweep

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 2
_REPEATS = 3


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides: after each first time in an empty folder, some repeats."""
    words = sweep(quick=quick)
    first, again = [], []
    for number in range(1 if quick else _ROUNDS):
        place = folder / str(number)
        first.append(give(place, *words))
        again += [give(place, *words) for _ in range(_REPEATS)]
    return Found(again, first, SCALE)


PROMISE = Promise(
    "again", "the same sweep given again", "its first time, in an empty folder", 50.0, measure
)
