"""The disk of the store: room, and leave to write."""

from __future__ import annotations

import shutil
import tempfile
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding

if TYPE_CHECKING:
    from pathlib import Path

_NAME = "store"
_GB = 1e9
ROOM_BYTES = (
    1_000_000_000  # less than that is told: trainings of large networks take hundreds of MB
)
_PROBE_BYTES = 1_000_000


def check_disk(store: Path, room_bytes: int = ROOM_BYTES) -> Finding:
    """Return whether the store can take what stages make; a store that is not there is not made.

    Args:
        store: Its folder.
        room_bytes: Free space below which a note is made.
    """
    whole = store.absolute()
    place = next(path for path in (whole, *whole.parents) if path.exists())
    other = "store=FOLDER names another"
    if not place.is_dir():
        return Finding(_NAME, "missing", f"{store}: {place} is a file", other)
    try:
        with tempfile.TemporaryFile(dir=place) as file:
            file.write(bytes(_PROBE_BYTES))  # a full disk takes empty files
            file.flush()
    except OSError as error:
        text = f"chmod u+w '{place}', or {other}"
        return Finding(_NAME, "missing", f"{store}: {error.strerror} (tried in {place})", text)
    free = shutil.disk_usage(place).free
    is_new = "" if place == whole else ", not there yet, the first run makes it"
    found = f"{store}: {free / _GB:.1f} GB free, writable{is_new}"
    if free < room_bytes:
        text = f"python -m coralexp store prune frees what no run needs; {other}"
        return Finding(_NAME, "note", found, text)
    return Finding(_NAME, "ok", found)
