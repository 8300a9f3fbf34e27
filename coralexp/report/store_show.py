"""One entry of the store, told in full."""

from __future__ import annotations

import contextlib
import json
import time
from typing import TYPE_CHECKING

from coralexp.report.grid import Column, say, show
from coralexp.report.quantities import figure
from coralexp.report.store_list import entry_as_json
from coralexp.report.store_quantities import moment, short, span, weight

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.record import Json
    from coralexp.artifacts.uses import Uses

_METRICS = ("metrics.json", "timings.json")
_FILES = (Column("file"), Column("size", right=True), Column("sha256"))
_DIGITS = 16
_INSIDE = "  "


def print_entry(entry: Entry, known: Sequence[Entry], uses: Uses, console: Console) -> None:
    """Print everything that is known of an entry.

    Args:
        entry: Which one.
        known: All entries of the store.
        uses: Who uses them.
        console: Where to.
    """
    for line in _head(entry, known, uses):
        say(line, console)
    say("", console)
    show(_FILES, list(_files(entry)), console)
    metrics = metrics_of(entry)
    if metrics:
        say("", console)
        rows = [[name, figure(value)] for name, value in metrics.items()]
        show((Column("metric"), Column("value", right=True)), rows, console)
    say("", console)
    say("ingredients:", console)
    for name, text in _lines(entry.ingredients):
        say(f"{_INSIDE}{name}: {text}", console)
    if not entry.ingredients:
        say(f"{_INSIDE}cannot be read", console)


def to_dict(entry: Entry, known: Sequence[Entry], uses: Uses) -> dict[str, Json]:
    """Return the same for programs."""
    digests = entry.record.digests if entry.record else {}
    return {
        **entry_as_json(entry, uses, time.time()),
        "made_from": dict(entry.after),
        "made_of_it": [{"stage": e.stage, "key": e.key} for e in _made_of(entry, known)],
        "files": [
            {"name": name, "size_bytes": _size(entry, name), "sha256": digest}
            for name, digest in sorted(digests.items())
        ],
        "metrics": dict(metrics_of(entry)),
        "ingredients": dict(entry.ingredients),
    }


def metrics_of(entry: Entry) -> dict[str, float]:
    """Return the figures that a stage left; none if they cannot be read."""
    found: dict[str, float] = {}
    for name in _METRICS:
        with contextlib.suppress(OSError, ValueError):
            read = json.loads((entry.folder / name).read_text(encoding="utf-8"))
            found |= {k: v for k, v in read.items() if isinstance(v, int | float)}
    return found


def _head(entry: Entry, known: Sequence[Entry], uses: Uses) -> Iterator[str]:
    yield entry.name
    yield f"{_INSIDE}in         {entry.folder}"
    yield f"{_INSIDE}made       {moment(entry.made)}, {span(entry.age_s())} ago"
    if entry.record is None:
        yield f"{_INSIDE}took       unknown: its record cannot be read; it is damaged"
    else:
        peak = entry.record.peak_memory_bytes
        memory = f", {weight(peak)} of memory at most" if peak else ""
        yield f"{_INSIDE}took       {span(entry.record.made_in_s)}{memory}"
    yield f"{_INSIDE}size       {weight(entry.size_bytes)}"
    there = {(other.stage, other.key) for other in known}
    for n, (stage, key) in enumerate(entry.after.items()):
        gone = "" if (stage, key) in there else " (no longer there)"
        yield f"{_INSIDE}{'made from' if not n else '':<10} {stage}/{short(key)}{gone}"
    for n, other in enumerate(_made_of(entry, known)):
        yield f"{_INSIDE}{'made of it' if not n else '':<10} {other.stage}/{short(other.key)}"
    runs = uses.of(entry.key)
    for n, run in enumerate(runs):
        words = " ".join(run.overrides) or "(defaults)"
        title = f"{len(runs)} run{'s' * (len(runs) > 1)}" if not n else ""
        yield f"{_INSIDE}{title:<10} {run.id}  {run.state.lower()}  {words}"
    if not runs:
        yield f"{_INSIDE}runs       none refers to it"


def _made_of(entry: Entry, known: Sequence[Entry]) -> list[Entry]:
    return [other for other in known if other.after.get(entry.stage) == entry.key]


def _files(entry: Entry) -> Iterator[list[str]]:
    digests: Mapping[str, str] = entry.record.digests if entry.record else {}
    for name, digest in sorted(digests.items()):
        size = _size(entry, name)
        yield [name, "missing" if size is None else weight(size), f"{digest[:_DIGITS]}..."]


def _size(entry: Entry, name: str) -> int | None:
    try:
        return (entry.folder / name).stat().st_size
    except OSError:
        return None


def _lines(tree: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict):
            yield from _lines(value, f"{prefix}{name}.")
        else:
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            yield prefix + name, text or "none"
