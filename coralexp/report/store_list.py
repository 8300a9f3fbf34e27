"""The store as a table: its entries, what they come to by stage, and what lies beside them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from coralexp.artifacts.leftovers import PLURALS
from coralexp.report.grid import Column, say, show
from coralexp.report.store_quantities import short, span, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.leftovers import Leftover
    from coralexp.artifacts.record import Json
    from coralexp.artifacts.uses import Uses

_COLUMNS = (
    Column("stage"),
    Column("key"),
    Column("size", right=True),
    Column("age", right=True),
    Column("made in", right=True),
    Column("runs", right=True),
    Column("latest run"),
)
_TOTALS = (
    Column("stage"),
    Column("entries", right=True),
    Column("size", right=True),
    Column("without a run", right=True),
    Column("size", right=True),
)


def print_list(
    entries: Sequence[Entry], uses: Uses, beside: Sequence[Leftover], console: Console
) -> None:
    """Print a row an entry, then the totals.

    Args:
        entries: In their order.
        uses: Who uses them.
        beside: What else there is in the store.
        console: Where to.
    """
    if not entries:
        say("no entries", console)
    else:
        now = time.time()
        show(_COLUMNS, [_row(entry, uses, now) for entry in entries], console)
        say("", console)
        show(_TOTALS, _totals(entries, uses), console)
    for line in _beside(beside):
        say(line, console)


def to_dict(entries: Sequence[Entry], uses: Uses, beside: Sequence[Leftover]) -> dict[str, Json]:
    """Return the same for programs: sizes in bytes, times in seconds (since 1970)."""
    now = time.time()
    return {
        "entries": [entry_as_json(entry, uses, now) for entry in entries],
        "beside": [
            {
                "kind": one.kind,
                "path": str(one.path),
                "size_bytes": one.size_bytes,
                "age_s": max(now - one.changed, 0.0),
            }
            for one in beside
        ],
        "unreadable_run_records": [str(path) for path in (*uses.unreadable, *uses.closed)],
    }


def entry_as_json(entry: Entry, uses: Uses, now: float) -> dict[str, Json]:
    """Return one entry for programs."""
    made_in_s = entry.record.made_in_s if entry.record else None
    return {
        "stage": entry.stage,
        "key": entry.key,
        "path": str(entry.folder),
        "size_bytes": entry.size_bytes,
        "made": entry.made,
        "age_s": entry.age_s(now),
        "made_in_s": made_in_s,
        "peak_memory_bytes": entry.record.peak_memory_bytes if entry.record else None,
        "runs": [run.id for run in uses.of(entry.key)],
    }


def _row(entry: Entry, uses: Uses, now: float) -> list[str]:
    runs = uses.of(entry.key)
    return [
        entry.stage,
        short(entry.key),
        weight(entry.size_bytes),
        span(entry.age_s(now)),
        span(entry.record.made_in_s) if entry.record else "damaged",
        str(len(runs)),
        runs[-1].id if runs else "-",
    ]


def _totals(entries: Sequence[Entry], uses: Uses) -> list[list[str]]:
    groups = {e.stage: [other for other in entries if other.stage == e.stage] for e in entries}
    if len(groups) > 1:
        groups["all"] = list(entries)
    rows = []
    for stage, its in groups.items():
        free = [entry for entry in its if not uses.refers_to(entry.key)]
        sizes = [weight(sum(entry.size_bytes for entry in some)) for some in (its, free)]
        rows.append([stage, str(len(its)), sizes[0], str(len(free)), sizes[1]])
    return rows


def _beside(beside: Sequence[Leftover]) -> list[str]:
    lines = []
    for kind, name in PLURALS.items():
        its = [one for one in beside if one.kind == kind]
        if its:
            lines.append(f"{name}: {len(its)}, {weight(sum(one.size_bytes for one in its))}")
    return ["", "besides:", *(f"  {line}" for line in lines)] if lines else []
