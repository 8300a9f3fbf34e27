"""The schema of keys in the store: entries of another one are not found under their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.entries import ingredients_in, stages
from coralexp.artifacts.key_schema import KEY_SCHEMA, schema_of
from coralexp.artifacts.store import INGREDIENTS, Store
from coralexp.doctor.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "store keys"


def check_store_keys(store: Path) -> Finding:
    """Return whether the entries of a store are named as this version names them.

    Args:
        store: Its folder, which need not be there.
    """
    known = Store(store)
    folders = [
        path.parent for stage in stages(known) for path in (store / stage).glob(f"*/{INGREDIENTS}")
    ]
    schemas = [schema_of(ingredients_in(folder)) for folder in folders]
    older = sum(number < KEY_SCHEMA for number in schemas)
    newer = sum(number > KEY_SCHEMA for number in schemas)
    found = f"schema {KEY_SCHEMA}, {len(schemas)} entries"
    if newer:
        text = "use the later coralexp that made them, or store=FOLDER; here they are made again"
        return Finding(_NAME, "note", f"{found}, {newer} of a later schema", text)
    if older:
        text = "nothing to do: the next run or plan renames those that still mean the same"
        return Finding(_NAME, "note", f"{found}, {older} of an older schema", text)
    return Finding(_NAME, "ok", found)
