"""What differs between two entries, in the words of the person who asked for them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coralexp.report.store_quantities import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.artifacts.differences import Change, Difference
    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.record import Json

_WORDS = {
    "bits.threads": "threads",
    "bits.processor": "processor",
    "content": "content of the data (digest)",
    "weights": "content of the weights (digest)",
    "constants": "constants of the latency model (digest)",
    "compiler": "Edge TPU compiler",
    "schema": "schema of keys",
}
_DIGEST = 64  # digits of a SHA-256, which say no more than its first
_SHOWN = 12
_AFTER = "after."


def why_lines(first: Entry, second: Entry, found: Sequence[Difference]) -> list[str]:
    """Return what to tell, the causes before what follows from them.

    Args:
        first: The one.
        second: The other, of the same stage.
        found: What differs, where it began first; empty if they are one entry.
    """
    if not found:
        return [f"{first.name}: both are this entry; nothing differs"]
    lines = [f"{first.name} -> {second.name}"]
    told: set[str] = set()
    own_of: set[str] = set()  # stages with something to tell that no stage before told
    for difference in found:
        own = [text for text in _changes(difference) if text not in told]
        told |= set(own)
        if own:
            own_of.add(difference.stage)
            keys = f"{short(difference.first)} -> {short(difference.second)}"
            lines += [f"{difference.stage} ({keys})", *(f"  {text}" for text in own)]
    passed_on = [d.stage for d in found if d.inherited and d.stage not in own_of]
    if passed_on:
        lines.append(f"{', '.join(passed_on)}: nothing else; what differs came from before")
    return lines


def to_dict(first: Entry, second: Entry, found: Sequence[Difference]) -> dict[str, Json]:
    """Return the same for programs: every stage with what differs in it, untranslated."""
    return {
        "stage": first.stage,
        "keys": [first.key, second.key],
        "equal": not found,
        "differences": [
            {
                "stage": d.stage,
                "keys": [d.first, d.second],
                "known": d.is_known,
                "from_before": list(d.inherited),
                "changes": [
                    {"name": c.name, "first": _value(c.first), "second": _value(c.second)}
                    for c in d.changes
                ],
            }
            for d in found
        ],
    }


def change_in_words(stage: str, change: Change) -> str:
    """Return one change: `backbone.options.width: 0.35 -> 0.5`."""
    name, last = change.name, change.name.rpartition(".")[2]
    if last == "processor" and change.first is not None and change.second is not None:
        return f"processor: {_features(change.first, change.second)}"
    if name == "version":
        name = f"code of the stage {stage}, version"
    elif last == "version":
        name = f"code of the {name.rpartition('.')[0]}, version"
    elif name.startswith("tools."):
        name = f"version of {last}"
    return f"{_WORDS.get(name, name)}: {_text(change.first)} -> {_text(change.second)}"


def _changes(difference: Difference) -> Iterator[str]:
    if not difference.is_known:
        yield "not known: the ingredients of one of the two are no longer there"
    by_name = {change.name: change for change in difference.changes}
    before = [change for change in difference.changes if change.name.startswith(_AFTER)]
    if before:
        first = [c.name.removeprefix(_AFTER) for c in before if c.first is not None]
        second = [c.name.removeprefix(_AFTER) for c in before if c.second is not None]
        yield f"made from: {', '.join(first) or '(less)'} -> {', '.join(second) or '(less)'}"
    for name, change in by_name.items():
        part, _, last = name.rpartition(".")
        follows = part and last == "version" and f"{part}.target" in by_name
        if not follows and change not in before:  # another part has a number of its own
            yield change_in_words(difference.stage, change)


def _features(first: str, second: str) -> str:
    """Tell two kinds of processor apart by what only one of them has."""
    one, other = str(json.loads(first)).split(), str(json.loads(second)).split()
    only = [
        f"only the {which} has {' '.join(some)}"
        for which, some in (
            ("first", [word for word in one if word not in other]),
            ("second", [word for word in other if word not in one]),
        )
        if some
    ]
    return "; ".join(only) or "the same features in another order"


def _value(text: str | None) -> Json:
    value: Json = None if text is None else json.loads(text)
    return value


def _text(text: str | None) -> str:
    if text is None:
        return "(none)"
    value = json.loads(text)
    if not isinstance(value, str):
        return text
    if len(value) == _DIGEST and set(value) <= set("0123456789abcdef"):
        return f"{value[:_SHOWN]}..."
    return value or "(none)"
