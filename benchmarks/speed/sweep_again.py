"""A sweep of six modes on three devices given again, against its first time.

The network is the default one: with the small one of `sweep_once.py` the first time is so short
(37 s) that the start of Python and the reading of the configurations, 1.0 s, are a 36th of it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import give
from promise import Found, Promise
from sweep_once import QUICK, choices

if TYPE_CHECKING:
    from pathlib import Path

SCALE = "18 jobs: glyphs at 64 px, MobileNetV2 0.35, 4 epochs"
_ROUNDS = 1
_REPEATS = 5


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides: after each first time in an empty folder, some repeats."""
    modes, devices = choices(quick=quick)
    setup = QUICK if quick else ("training=quick",)
    words = [*setup, f"quant={','.join(modes)}", f"device={','.join(devices)}"]
    first, again = [], []
    for number in range(1 if quick else _ROUNDS):
        place = folder / str(number)
        first.append(give(place, *words))
        again += [give(place, *words) for _ in range(_REPEATS)]
    return Found(again, first, SCALE)


PROMISE = Promise(
    "again", "the same sweep given again", "its first time, in an empty folder", 50.0, measure
)
