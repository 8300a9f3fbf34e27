"""Entries of an older schema of keys get the names that this version looks for, once a store.

    store / keys.json    the schema of its keys; while they are renamed, also what becomes what

What becomes what is written down first, so that a process that is killed in the middle leaves all
that the next one needs. Run records follow, so that finished runs go on answering their commands.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

from coralexp.artifacts.drafts import put_in_place, take_away
from coralexp.artifacts.entries import entries, ingredients_in
from coralexp.artifacts.key_schema import STEPS, new_names
from coralexp.artifacts.locks import held
from coralexp.artifacts.seals import is_sealed, seal, state_of, unseal
from coralexp.artifacts.store import INGREDIENTS, key_of
from coralexp.artifacts.uses import read_uses
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.key_schema import Ingredients
    from coralexp.artifacts.record import Json
    from coralexp.artifacts.store import Store

_FILE = "keys.json"
_Names = dict[str, tuple[str, "Ingredients"]]  # old keys to the stage and the new ingredients


def rename_old_entries(
    store: Store,
    note: Callable[[str], None],
    steps: Sequence[Callable[[Ingredients], Ingredients | None]] = STEPS,
) -> None:
    """Give the entries of an older version their names of today; nothing if there are none.

    Not while a run works in the store, for it may be about to read one. A store that cannot be
    written stays as it is.

    Args:
        store: Whose.
        note: Takes a line for the user.
        steps: From each schema of keys to the next.
    """
    if not store.root.is_dir() or _schema(_read(store)) >= len(steps):
        return
    with (
        contextlib.suppress(OSError, StoreError),
        held(store.root / "locks" / "keys.lock", lambda holder: None),
    ):
        state = _read(store)
        if _schema(state) >= len(steps):
            return  # another process did it meanwhile
        names = _begun(state) or _to_rename(store, steps)
        working = read_uses(store.runs).at_work()
        if names and working:
            note(
                f"store: {len(names)} entries have the names of an older version, and keep them "
                f"while {working[0].kind} {working[0].id} works: until then they are made anew"
            )
            return
        if names:
            _write(
                store, {"schema": _schema(state), "renaming": {k: [*v] for k, v in names.items()}}
            )
            for old, (stage, ingredients) in names.items():
                _rename(store, stage, old, ingredients)
            _follow(store, {old: key_of(now) for old, (_, now) in names.items()})
            note(f"store: {len(names)} entries of an older version got the names of this one")
        _write(store, {"schema": len(steps)})


def _to_rename(
    store: Store, steps: Sequence[Callable[[Ingredients], Ingredients | None]]
) -> _Names:
    known = [e for e in entries(store) if e.ingredients and key_of(e.ingredients) == e.key]
    stages = {entry.key: entry.stage for entry in known}
    found = new_names([(entry.key, entry.ingredients) for entry in known], steps)
    return {old: (stages[old], now) for old, now in found.items()}


def _rename(store: Store, stage: str, old: str, ingredients: Ingredients) -> None:
    """Move an entry to its new name, or what is left to do of that."""
    before, entry = store.path(stage, old), store.path(stage, key_of(ingredients))
    sealed = is_sealed(store.root, stage, old)
    if before.is_dir():
        if store.is_whole(stage, entry.name):
            take_away(before)
        else:
            put_in_place(before, entry)
    unseal(store.root, stage, old)
    if entry.is_dir() and ingredients_in(entry) != ingredients:
        draft = entry.with_name(f".{entry.name}.{os.getpid()}")
        draft.write_text(json.dumps(ingredients, indent=1, sort_keys=True), encoding="utf-8")
        draft.replace(entry / INGREDIENTS)
        if sealed:
            seal(store.root, stage, entry.name, state_of(entry))


def _follow(store: Store, names: Mapping[str, str]) -> None:
    """Have the run records refer to the new names."""
    for record in store.runs:
        stages = [stage for stage in record.stages.values() if stage.key in names]
        for stage in stages:
            stage.key = names[stage.key]
        if stages:
            store.runs.save(record)


def _read(store: Store) -> dict[str, Json]:
    try:
        read = json.loads((store.root / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}


def _schema(state: Mapping[str, Json]) -> int:
    number = state.get("schema", 0)
    return number if type(number) is int else 0


def _begun(state: Mapping[str, Json]) -> _Names:
    """Return what a process that was killed had begun to rename."""
    renaming = state.get("renaming")
    found: _Names = {}
    for old, pair in renaming.items() if isinstance(renaming, dict) else ():
        if isinstance(pair, list) and isinstance(pair[0], str) and isinstance(pair[1], dict):
            found[old] = (pair[0], pair[1])
    return found


def _write(store: Store, state: Mapping[str, Json]) -> None:
    path: Path = store.root / _FILE
    draft = path.with_name(f".{_FILE}.{os.getpid()}")
    draft.write_text(json.dumps(state), encoding="utf-8")
    draft.replace(path)
