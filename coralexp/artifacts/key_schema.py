"""The number of the schema of keys, and how entries of an older one keep being found.

A key is the hash of its ingredients, so whatever is added to them, taken from them or spelled in
another way gives every entry another key, although nothing about the artifacts changed. For that
`KEY_SCHEMA` is raised, and a step is written that spells old ingredients in the new way: the
entries of a store are renamed by it once, and nothing is made again for the sake of a name. Where
an old entry lacks what the new spelling asks for, the step gives None: the entry stays under its
old name, which no command looks for, and is made again where it is wanted.

It is not raised for a stage or a part that gives other results: those have a VERSION of their own
among the ingredients, and are made again, as they should be.

Step `n` turns ingredients of schema `n` into those of schema `n + 1`. Keys of stages before are
translated for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.store import key_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.artifacts.record import Json

Ingredients = dict[str, "Json"]

SCHEMA_NAME = "schema"


def _number(ingredients: Ingredients) -> Ingredients:
    """Ingredients of schema 0 had no number; all else is the same."""
    return ingredients


STEPS: Sequence[Callable[[Ingredients], Ingredients | None]] = (_number,)
KEY_SCHEMA = len(STEPS)


def schema_of(ingredients: Mapping[str, Json]) -> int:
    """Return the schema of some ingredients; 0 if they have no number."""
    number = ingredients.get(SCHEMA_NAME, 0)
    return number if type(number) is int and number >= 0 else 0


def migrate(
    ingredients: Mapping[str, Json],
    renamed: Mapping[str, str],
    steps: Sequence[Callable[[Ingredients], Ingredients | None]] = STEPS,
) -> Ingredients | None:
    """Return ingredients as this version spells them.

    Args:
        ingredients: Of this schema or an older one. They are not changed.
        renamed: Old keys to new ones, of stages before.
        steps: From each schema to the next.

    Returns:
        None if they have no translation, or come from a later version.
    """
    number = schema_of(ingredients)
    if number > len(steps):
        return None
    now: Ingredients | None = dict(ingredients)
    after = ingredients.get("after")
    if now is not None and isinstance(after, dict):
        now["after"] = {stage: renamed.get(str(key), key) for stage, key in after.items()}
    for place, step in enumerate(steps[number:], start=number + 1):
        now = step(now) if now is not None else None
        if now is not None:
            now = {**now, SCHEMA_NAME: place}
    return now


def new_names(
    entries: Sequence[tuple[str, Mapping[str, Json]]],
    steps: Sequence[Callable[[Ingredients], Ingredients | None]] = STEPS,
) -> dict[str, Ingredients]:
    """Return what has another name in this version: old keys to the new ingredients.

    Args:
        entries: Keys and ingredients; those of a stage before come first.
        steps: From each schema to the next.
    """
    found: dict[str, Ingredients] = {}
    renamed: dict[str, str] = {}
    for key, ingredients in entries:
        if schema_of(ingredients) >= len(steps):
            continue
        now = migrate(ingredients, renamed, steps)
        if now is not None:
            found[key] = now
            renamed[key] = key_of(now)
    return found
