"""Entries that were made elsewhere enter a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.drafts import put_in_place
from coralexp.artifacts.locks import held
from coralexp.artifacts.seals import unseal
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.locks import OnWait
    from coralexp.artifacts.store import Store


def adopt(
    folder: Path, store: Store, stage: str, key: str, on_wait: OnWait = lambda holder: None
) -> bool:
    """Move a whole entry into a store, in one step, while nobody makes or removes it there.

    Args:
        folder: The entry, on the same file system.
        store: Where to.
        stage: Name of the stage.
        key: Of the entry.
        on_wait: Hears who holds the entry's lock, while it has to be waited for.

    Returns:
        Whether it was taken; a whole one that is there already stays.

    Raises:
        StoreError: If the store cannot be written.
    """
    entry = store.path(stage, key)
    try:
        with held(store.lock(stage, key), on_wait):
            if entry.exists() and not store.damage(stage, key):
                return False
            entry.parent.mkdir(parents=True, exist_ok=True)
            unseal(store.root, stage, key)
            put_in_place(folder, entry)
    except OSError as error:
        raise StoreError(f"{entry}: cannot be written ({error.strerror})") from error
    return True
