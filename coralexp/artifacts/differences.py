"""Why two entries are two: what differs between their ingredients, followed to where it began."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.artifacts.entries import Entry
    from coralexp.artifacts.record import Json


@dataclass(frozen=True)
class Change:
    """One ingredient that differs.

    Attributes:
        name: Dotted path, such as `backbone.options.width`; `after.train` where only one of the two
            was made from an entry of that stage.
        first: Of the first entry, as JSON; None if it has no such ingredient.
        second: Of the second entry, likewise.
    """

    name: str
    first: str | None
    second: str | None


@dataclass(frozen=True)
class Difference:
    """What differs between two entries of one stage.

    Attributes:
        stage: Their stage.
        first: Key of the one.
        second: Key of the other.
        changes: What differs by itself; not what follows from a stage before.
        inherited: Stages before, whose entries differ.
        is_known: False if the ingredients of one of the two cannot be read, or it is gone.
    """

    stage: str
    first: str
    second: str
    changes: Sequence[Change] = ()
    inherited: Sequence[str] = ()
    is_known: bool = True


def differences(first: Entry, second: Entry, known: Sequence[Entry]) -> list[Difference]:
    """Return what differs between two entries of one stage and those that they were made from.

    Args:
        first: The one.
        second: The other.
        known: All entries of the store.

    Returns:
        Where it began first, the two entries last; nothing if the two are one.
    """
    by_name = {(entry.stage, entry.key): entry.ingredients for entry in known}
    by_name |= {(entry.stage, entry.key): entry.ingredients for entry in (first, second)}
    found: dict[tuple[str, str, str], Difference] = {}
    _follow(first.stage, first.key, second.key, by_name, found)
    return list(found.values())


def _follow(
    stage: str,
    first: str,
    second: str,
    known: Mapping[tuple[str, str], Mapping[str, Json]],
    found: dict[tuple[str, str, str], Difference],
) -> None:
    if first == second or (stage, first, second) in found:
        return
    one, other = known.get((stage, first)), known.get((stage, second))
    if not one or not other:
        found[stage, first, second] = Difference(stage, first, second, is_known=False)
        return
    before, behind = _after(one), _after(other)
    inherited = [s for s in before if s in behind and before[s] != behind[s]]
    for name in inherited:
        _follow(name, before[name], behind[name], known, found)
    changes = tuple(changes_between(one, other))
    found[stage, first, second] = Difference(stage, first, second, changes, inherited)


def changes_between(one: Mapping[str, Json], other: Mapping[str, Json]) -> Iterator[Change]:
    """Yield the ingredients that differ, without the keys of entries of the same stage before."""
    first, second = dict(_leaves(one)), dict(_leaves(other))
    for name in dict.fromkeys([*first, *second]):
        old, new = first.get(name), second.get(name)
        follows = name.startswith("after.") and old is not None and new is not None
        if old != new and not follows:
            yield Change(name, old, new)


def _after(ingredients: Mapping[str, Json]) -> dict[str, str]:
    after = ingredients.get("after")
    return {name: str(key) for name, key in after.items()} if isinstance(after, dict) else {}


def _leaves(tree: Mapping[str, Json], prefix: str = "") -> Iterator[tuple[str, str]]:
    for name, value in tree.items():
        if isinstance(value, dict) and value:
            yield from _leaves(value, f"{prefix}{name}.")
        elif value != {}:
            yield prefix + name, json.dumps(value, ensure_ascii=False)
