"""What a request would do, and how long it would take, judged by what earlier runs took."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.store import INGREDIENTS
from coralexp.pipeline.planner import Planner

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coralexp.artifacts.record import Json
    from coralexp.artifacts.store import EntryRecord, Store
    from coralexp.pipeline.tasks import Task
    from coralexp.spec.experiment import Request

_FINE_TUNED = {
    "compress": ("compression", "epochs"),
    "qat": ("quant", "options", "epochs"),
}
_ALIKE = 0.34  # share of equal ingredients below which an entry says nothing of another


@dataclass(frozen=True)
class Expected:
    """What is to be expected of one stage of one job.

    Attributes:
        stage: Its name.
        fate: `make`; `reuse` if the store has it; `share` if an earlier job of this request
            makes it.
        seconds: Wall time, judged by the most similar earlier entry; 0 unless it is made; None if
            there is none to judge by.
        peak_memory_bytes: Of its process, judged in the same way.
    """

    stage: str
    fate: str
    seconds: float | None = 0.0
    peak_memory_bytes: int | None = None


@dataclass(frozen=True)
class _Earlier:
    ingredients: Mapping[str, Json]
    record: EntryRecord


def forecast(request: Request, store: Store, threads: int) -> list[list[Expected]]:
    """Return the stages of each job, in the order of their work.

    Reads small files only; makes nothing.
    """
    tasks_of = Planner(threads, request.machine, request.weights)
    promised: set[str] = set()
    earlier: dict[str, list[_Earlier]] = {}
    jobs: list[list[Expected]] = []
    for experiment in request.experiments:
        job: list[Expected] = []
        for task in tasks_of(experiment):
            if task.key in promised:
                job.append(Expected(task.stage, "share"))
            elif not request.how.again and _is_own(store.record(task.stage, task.key)):
                job.append(Expected(task.stage, "reuse"))
            else:
                promised.add(task.key)
                if task.stage not in earlier:
                    earlier[task.stage] = list(_entries(store, task.stage))
                job.append(_judge(task, earlier[task.stage]))
        jobs.append(job)
    return jobs


def _is_own(record: EntryRecord | None) -> bool:
    """Return whether there is an entry, and no file brought it from another store."""
    return record is not None and record.imported is None


def _judge(task: Task, earlier: list[_Earlier]) -> Expected:
    """Take the time of the most similar entry, in proportion to the epochs."""
    scored = [
        (_likeness(task.ingredients, entry.ingredients), n) for n, entry in enumerate(earlier)
    ]
    if not scored or max(scored)[0] < _ALIKE:
        return Expected(task.stage, "make", None)
    best = earlier[max(scored)[1]]
    factor = 1.0
    here, there = (_passes(task.stage, what) for what in (task.ingredients, best.ingredients))
    if here and there:
        factor = here / there
    return Expected(
        task.stage, "make", best.record.made_in_s * factor, best.record.peak_memory_bytes
    )


def _passes(stage: str, ingredients: Mapping[str, Json]) -> int:
    """Return the passes over the training split; 0 if the stage makes none, or they are unknown."""
    if stage in _FINE_TUNED:
        return _whole(_dig(ingredients, _FINE_TUNED[stage]))
    options = _dig(ingredients, ("training", "options"))
    if stage != "train" or not isinstance(options, dict):
        return 0
    epochs = _whole(options.get("epochs"))
    if options.get("unfreeze_from") is None:
        return epochs
    later = options.get("fine_tune_epochs")
    return epochs + (epochs if later is None else _whole(later))


def _whole(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _entries(store: Store, stage: str) -> Iterator[_Earlier]:
    for path in (store.root / stage).glob("*/" + INGREDIENTS):
        record = store.record(stage, path.parent.name)
        if record is not None:
            yield _Earlier(json.loads(path.read_text()), record)


def _likeness(one: Mapping[str, Json], other: Mapping[str, Json]) -> float:
    """Return the share of equal leaves, in [0, 1]."""
    first, second = dict(_leaves(one)), dict(_leaves(other))
    equal = sum(first.get(name) == second.get(name) for name in first.keys() | second.keys())
    return equal / len(first.keys() | second.keys())


def _leaves(tree: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _leaves(value, f"{prefix}{name}.")
        elif not prefix.startswith("after"):
            yield prefix + name, repr(value)


def _dig(tree: Json | Mapping[str, Json], path: tuple[str, ...]) -> Json:
    for name in path:
        if not isinstance(tree, dict):
            return None
        tree = tree.get(name)
    return tree  # type: ignore[return-value]
