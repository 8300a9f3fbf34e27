"""The table of the rows that were measured: RESULTS.md, from results.json."""

from __future__ import annotations

import json
import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

from promise import Found, Json, Promise

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_HEAD = """# Speed

Written by `make bench` from `results.json`; not to be edited by hand. Each row is a ratio: both
sides ran in turn, on the same machine, in the same run. Sides are given as the median and, in
brackets, the least and the greatest of their rounds; the ratio is that of the medians and, in
brackets, the least and the greatest of any round of one side to any of the other. Seconds are of
that machine and of what else it did at the time; the ratio is what is promised.

| row | coralexp | against | coralexp took | the other | ratio | promised | kept |
|---|---|---|---:|---:|---:|---:|---|
"""


@dataclass(frozen=True)
class Measured:
    """A row as it was measured.

    Attributes:
        found: What it gave.
        machine: Where, in words.
        load: Processes that wanted a core just before.
    """

    found: Found
    machine: str
    load: float


def read(file: Path) -> dict[str, Measured]:
    """Return the rows of a results.json, by name; none if there is no such file."""
    if not file.exists():
        return {}
    rows: dict[str, dict[str, Json]] = json.loads(file.read_text(encoding="utf-8"))
    return {
        name: Measured(Found(**row["found"]), row["machine"], row["load"])
        for name, row in rows.items()
    }


def write(file: Path, rows: Mapping[str, Measured]) -> None:
    """Write results.json."""
    plain = {
        name: {"found": row.found.to_json(), "machine": row.machine, "load": row.load}
        for name, row in rows.items()
    }
    file.write_text(json.dumps(plain, indent=1) + "\n", encoding="utf-8")


def text(promises: Sequence[Promise], rows: Mapping[str, Measured]) -> str:
    """Return RESULTS.md: rows in the order of the promises, those not measured left out."""
    there = [promise for promise in promises if promise.name in rows]
    lines = [_line(promise, rows[promise.name].found) for promise in there]
    notes = [_note(promise, rows[promise.name]) for promise in there]
    machines: dict[str, list[str]] = {}
    for promise in there:
        machines.setdefault(rows[promise.name].machine, []).append(f"`{promise.name}`")
    told = [
        machine if len(machines) == 1 else f"{', '.join(names)}: {machine}"
        for machine, names in machines.items()
    ]
    return "\n".join(
        [
            _HEAD + "\n".join(lines),
            "",
            "## What was run",
            "",
            *notes,
            "",
            "## Machine",
            "",
            *(f"- {one}" for one in told),
            "",
        ]
    )


def in_short(promises: Sequence[Promise], rows: Mapping[str, Measured]) -> str:
    """Return the ratios alone, on one line."""
    return ", ".join(
        f"{promise.name} {_number(promise.ratio(rows[promise.name].found))}"
        for promise in promises
        if promise.name in rows
    )


def _line(promise: Promise, found: Found) -> str:
    least, most = promise.spread(found)
    times = "as fast" if promise.kind == "faster" else "its time"
    of = "its size" if found.unit == "bytes" else times
    bound = "at least" if promise.kind == "faster" else "at most"
    ratio = f"{_number(promise.ratio(found))} ({_number(least)}-{_number(most)})"
    broken = [name for name, holds in found.conditions.items() if not holds]
    kept = "yes" if promise.is_kept(found) else "**no**" + "".join(f"; not {b}" for b in broken)
    cells = (
        f"`{promise.name}`",
        promise.what,
        promise.against,
        _side(found.ours, found.unit),
        _side(found.reference, found.unit),
        ratio,
        f"{bound} {promise.bound:g} times {of}",
        kept,
    )
    return f"| {' | '.join(cells)} |"


def _side(values: Sequence[float], unit: str) -> str:
    factor, name = (1.0, "s") if unit == "s" else (2.0**-20, "MiB")
    scaled = [value * factor for value in values]
    middle = _number(statistics.median(scaled))
    if len(scaled) == 1:
        return f"{middle} {name}"
    return f"{middle} {name} ({_number(min(scaled))}-{_number(max(scaled))})"


def _number(value: float) -> str:
    digits = 0 if value >= 100 else 1 if value >= 10 else 2
    return f"{value:,.{digits}f}"


def _note(promise: Promise, row: Measured) -> str:
    found = row.found
    rounds = f"{len(found.ours)} and {len(found.reference)} rounds"
    held = [f"{name}: {'yes' if holds else 'no'}" for name, holds in found.conditions.items()]
    words = [f"{found.scale}; {rounds}", *found.facts, *held, f"load before {row.load:.1f}"]
    return f"- `{promise.name}`: {'; '.join(words)}."
