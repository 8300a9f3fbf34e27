"""Entries that were made elsewhere enter a store."""

from __future__ import annotations

import contextlib
import errno
import shutil
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.errors import StoreError

if TYPE_CHECKING:
    from coralexp.artifacts.store import Store


def adopt(folder: Path, store: Store, stage: str, key: str) -> bool:
    """Move a whole entry into a store, in one step.

    Args:
        folder: The entry, on the same file system.
        store: Where to.
        stage: Name of the stage.
        key: Of the entry.

    Returns:
        Whether it was taken; a whole one that is there already stays.

    Raises:
        StoreError: If the store cannot be written.
    """
    entry = store.path(stage, key)
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        if entry.exists():
            if not store.damage(stage, key):
                return False
            away = Path(tempfile.mkdtemp(prefix=f".{key}.old.", dir=entry.parent))
            with contextlib.suppress(FileNotFoundError):  # another process was faster
                entry.replace(away)
            shutil.rmtree(away, ignore_errors=True)
        folder.replace(entry)
    except OSError as error:
        if error.errno in {errno.ENOTEMPTY, errno.EEXIST}:  # made by another process meanwhile
            return False
        raise StoreError(f"{entry}: cannot be written ({error.strerror})") from error
    return True
