"""The peak memory of all processes of a sweep of 20 jobs, against one of 2.

Every job trains, converts, evaluates and measures: none finds anything but the pictures.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import give_watched
from promise import Found, Promise

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 2
_SETUP = ("dataset=digits", "dataset.limit=300", "backbone=convnet", "training=smoke", "device=cpu")


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn, each in an empty folder."""
    few, many = (1, 2) if quick else (2, 20)
    peaks: dict[int, list[float]] = {few: [], many: []}
    for number in range(1 if quick else _ROUNDS):
        for jobs, found in peaks.items():
            rates = ",".join(f"0.002{n:02}" for n in range(jobs))
            words = (*_SETUP, f"training.learning_rate={rates}")
            found.append(give_watched(folder / f"{number}-{jobs}", *words))
    return Found(peaks[many], peaks[few], "digits, convnet, a training a job", unit="bytes")


PROMISE = Promise(
    "memory",
    "peak memory of a sweep of 20 jobs, children included",
    "the same of 2 jobs",
    1.1,
    measure,
    "share",
)
