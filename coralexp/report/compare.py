"""Runs side by side: only the parameters that differ, and the metrics."""

from __future__ import annotations

import json
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeVar

from rich.cells import cell_len

from coralexp.artifacts.parameters import parameters
from coralexp.report.grid import Column, say, show
from coralexp.report.quantities import figure

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from rich.console import Console

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.runs import Runs

_V = TypeVar("_V")

_ABSENT = "-"
_MISSING = object()  # None is a value, too
_SOURCE = "_source"  # tags that say whether a figure was measured: never left out
_LAST_RUNS = 10
_LONGEST_TAG = 100  # characters; `show` has all of it
_GAP = 2
_WIDEST = 24  # places of a column on a terminal; figures are shorter


@dataclass(frozen=True)
class Line:
    """One thing in which runs are compared.

    Attributes:
        name: Of the parameter, metric or tag.
        values: A text for each run.
    """

    name: str
    values: tuple[str, ...]


def chosen(runs: Runs, ids: Sequence[str]) -> list[RunRecord]:
    """Return the runs to compare, each once, in the order in which they are named.

    Args:
        runs: All records.
        ids: Ids of runs or sweeps, or their unique beginnings; a sweep stands for its runs. None
            at all stands for the runs of the latest sweep or, if the latest job was no part of
            one, for the last ten.

    Raises:
        UnknownRunError: If an id belongs to no run, or to several.
    """
    jobs = sorted((run for run in runs if run.kind == "run"), key=lambda run: run.started)
    if not ids:
        latest = jobs[-1].sweep if jobs else None
        if latest is None:
            return jobs[-_LAST_RUNS:]
        sweeps = [run for run in runs if run.id == latest]
        return _jobs_of(sweeps[0], jobs) if sweeps else [r for r in jobs if r.sweep == latest]
    found: dict[str, RunRecord] = {}
    for name in ids:
        record = runs.find(name)
        its = _jobs_of(record, jobs) if record.kind == "sweep" else [record]
        found |= {run.id: run for run in its}
    return list(found.values())


def tagged(runs: Runs, ids: Sequence[str], tags: Sequence[str]) -> list[RunRecord]:
    """Return the runs that have every one of some tags, ordered by their values, then by time.

    Args:
        runs: All records.
        ids: As for `chosen`; none at all stands for every run.
        tags: Each `name`, or `name=value`.

    Raises:
        UnknownRunError: If an id belongs to no run, or to several.
    """
    wanted = [tag.partition("=") for tag in tags]
    among = chosen(runs, ids) if ids else [run for run in runs if run.kind == "run"]
    found = [
        run
        for run in among
        if all(
            name in run.tags and (not equals or run.tags[name] == value)
            for name, equals, value in wanted
        )
    ]
    names = [name for name, _, _ in wanted]
    return sorted(found, key=lambda run: ([run.tags[name] for name in names], run.started))


def _jobs_of(sweep: RunRecord, runs: Sequence[RunRecord]) -> list[RunRecord]:
    """Return the runs that answer the jobs of a sweep, those that it found among them."""
    by_id = {run.id: run for run in runs}
    listed = [by_id[name] for name in sweep.jobs if name in by_id]
    return listed or [run for run in runs if run.sweep == sweep.id]


def comparison(records: Sequence[RunRecord], first: Sequence[str] = ()) -> list[Line]:
    """Return what to look at: parameters that differ, every metric, and the source of figures.

    Args:
        records: Runs, at least one.
        first: Names of tags that come before all else, whether they differ or not.
    """
    lines = list(_lines(records, lambda run: run.tags, str, lambda name, _: name in first))
    lines += _lines(records, parameters, _value, lambda _, values: _differ(values))
    if any(record.state != "FINISHED" for record in records):
        lines.append(Line("state", tuple(record.state for record in records)))
    lines += _lines(records, lambda record: record.metrics, figure, lambda _name, _values: True)
    lines += _lines(
        records,
        lambda record: record.tags,
        lambda text: textwrap.shorten(text, _LONGEST_TAG, placeholder=" ..."),
        lambda name, values: name not in first and (name.endswith(_SOURCE) or _differ(values)),
    )
    return lines


def print_comparison(
    records: Sequence[RunRecord], console: Console, first: Sequence[str] = ()
) -> None:
    """Print the comparison, a column a run; as many tables as the terminal is too narrow for one.

    Args:
        records: Runs, at least one.
        console: Where to.
        first: Names of tags that come before all else.
    """
    lines = comparison(records, first)
    if console.is_terminal:
        lines = [replace(line, values=tuple(map(_folded, line.values))) for line in lines]
    begun = False
    for part in _portions(records, lines, console):
        if begun:
            say("", console)
        begun = True
        columns = [Column("run"), *(Column(records[number].id, right=True) for number in part)]
        rows = [[line.name, *(line.values[number] for number in part)] for line in lines]
        show(columns, rows, console)
    if len(records) > 1 and not _some_differ(records):
        say("The parameters of these runs are all the same.", console)


def _lines(
    records: Sequence[RunRecord],
    read: Callable[[RunRecord], Mapping[str, _V]],
    write: Callable[[_V], str],
    wanted: Callable[[str, Sequence[object]], bool],
) -> Iterator[Line]:
    tables = [read(record) for record in records]
    for name in _names(tables):
        values = [table.get(name, _MISSING) for table in tables]
        if wanted(name, values):
            texts = (write(table[name]) if name in table else _ABSENT for table in tables)
            yield Line(name, tuple(texts))


def _names(tables: Iterable[Mapping[str, object]]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table))


def _differ(values: Sequence[object]) -> bool:
    return any(value != values[0] for value in values)


def _some_differ(records: Sequence[RunRecord]) -> bool:
    return _differ([parameters(record) for record in records])


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _folded(text: str) -> str:
    return "\n".join(textwrap.wrap(text, _WIDEST, break_long_words=False)) or text


def _portions(
    records: Sequence[RunRecord], lines: Sequence[Line], console: Console
) -> Iterator[list[int]]:
    """Yield the numbers of the runs that fit beside one another; all of them if piped."""
    if not console.is_terminal:
        yield list(range(len(records)))
        return
    names = max([cell_len(line.name) for line in lines], default=3) + _GAP
    part: list[int] = []
    used = names
    for number, record in enumerate(records):
        texts = [record.id, *(line.values[number] for line in lines)]
        width = max(cell_len(line) for text in texts for line in text.splitlines() or [""]) + _GAP
        if part and used + width > console.width:
            yield part
            part, used = [], names
        part.append(number)
        used += width
    yield part
