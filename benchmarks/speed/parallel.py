"""The sweep of `sweep_once.py` with two jobs at a time, against one at a time: time and bits."""

from __future__ import annotations

from typing import TYPE_CHECKING

from command import give
from promise import Found, Promise
from sweep_once import SCALE, sweep

from coralexp.artifacts.sameness import lasting_digests, lasting_metrics
from coralexp.artifacts.store import INGREDIENTS, Store

if TYPE_CHECKING:
    from pathlib import Path

_ROUNDS = 2


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn, each in an empty folder, and compare every artifact."""
    words = sweep(quick=quick)
    seconds: dict[int, list[float]] = {1: [], 2: []}
    left: dict[int, object] = {}
    same = True
    for number in range(1 if quick else _ROUNDS):
        for jobs, times in seconds.items():
            place = folder / f"{number}-{jobs}"
            times.append(give(place, *words, f"jobs={jobs}"))
            left[jobs] = _bits(Store(place / ".coralexp"))
        same = same and left[1] == left[2]
    return Found(
        seconds[2], seconds[1], SCALE, conditions={"the same bits in every artifact": same}
    )


def _bits(store: Store) -> object:
    """Return the digests of all artifacts and the metrics of all jobs, times left out."""
    entries = {
        (path.parent.parent.name, path.parent.name): lasting_digests(
            store, path.parent.parent.name, path.parent.name
        )
        for path in store.root.glob(f"*/*/{INGREDIENTS}")
    }
    metrics = {
        run.number: (tuple(run.overrides), lasting_metrics(run.metrics))
        for run in store.runs
        if run.kind == "run"
    }
    return entries, metrics


PROMISE = Promise(
    "parallel", "the same sweep with `jobs=2`", "the same with `jobs=1`", 1.1, measure, "share"
)
