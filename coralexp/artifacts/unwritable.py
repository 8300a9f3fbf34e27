"""What to tell of a place that cannot be written, and what to do about it."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING

from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_FULL = frozenset({errno.ENOSPC, errno.EDQUOT})


def unwritable(place: Path | str, error: OSError) -> StoreError:
    """Return the error to raise.

    Args:
        place: File or folder, or the option that names it.
        error: What the system said.
    """
    if error.errno in _FULL:
        return StoreError(
            f"{place}: the disk is full; free some space, or name another folder with "
            f"store=FOLDER, and give the same command again: finished stages are kept"
        )
    what = error.strerror or str(error)
    where = f": {error.filename}" if error.filename and str(error.filename) != str(place) else ""
    return StoreError(
        f"{place}: cannot be written ({what}{where}); name another folder with store=FOLDER"
    )
