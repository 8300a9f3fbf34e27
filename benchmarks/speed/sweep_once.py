"""Six quantization modes on three devices: one sweep, against 18 commands that know nothing.

Ours is one command in an empty folder. The reference gives the same 18 jobs one by one, each in an
empty folder, a process (with its children) each. The sweep runs before, between and after them.
"""

from __future__ import annotations

import shutil
from itertools import product
from typing import TYPE_CHECKING

from command import give
from promise import Found, Promise

if TYPE_CHECKING:
    from pathlib import Path

SETUP = ("dataset=digits", "backbone=convnet", "training=quick")
QUICK = ("dataset=digits", "dataset.limit=100", "backbone=convnet", "training=smoke")
MODES = ("none", "dynamic", "float16", "int16x8", "ptq", "qat")
DEVICES = ("usb", "dev_board", "cpu")
SCALE = "18 jobs: digits at 32 px, convnet, 4 epochs"
_ROUNDS = 3


def sweep(*, quick: bool) -> list[str]:
    """Return the words of the sweep."""
    modes, devices = choices(quick=quick)
    return [*(QUICK if quick else SETUP), f"quant={','.join(modes)}", f"device={','.join(devices)}"]


def choices(*, quick: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the modes and the devices."""
    return (("none", "dynamic"), ("usb", "cpu")) if quick else (MODES, DEVICES)


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides."""
    modes, devices = choices(quick=quick)
    jobs = list(product(modes, devices))
    rounds = 1 if quick else _ROUNDS
    ours, alone = [], []
    for number in range(rounds):
        ours.append(give(folder / f"sweep{number}", *sweep(quick=quick)))
        for mode, device in jobs[number::rounds]:
            place = folder / f"{mode}-{device}"
            words = (*(QUICK if quick else SETUP), f"quant={mode}", f"device={device}")
            alone.append(give(place, *words))
            shutil.rmtree(place)
    facts = (f"the {len(alone)} single jobs took {min(alone):.0f} to {max(alone):.0f} s each",)
    return Found(ours, [sum(alone)], SCALE, facts=facts)


PROMISE = Promise(
    "sweep",
    "sweep of 6 quantization modes x 3 devices, one backbone",
    "the same 18 jobs, each from nothing in a process of its own",
    6.0,
    measure,
)
