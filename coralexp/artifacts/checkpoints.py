"""Where a training that was killed finds how far it was: beside the entry that it was to become.

    store / <stage> / .<key>.resume       as of the last whole epoch
    store / <stage> / .<key>.resume.PID   being written by that process

A file goes when its entry is in place.
"""

from __future__ import annotations

import contextlib
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

KEPT_S = 30 * 24 * 3600.0
_SUFFIX = ".resume"


def checkpoint_of(root: Path, stage: str, key: str) -> Path:
    """Return the file of the entry with this key; it need not be there."""
    return root / stage / f".{key}{_SUFFIX}"


def remove_checkpoint(file: Path) -> None:
    """Remove a checkpoint, and what was left half written of it; nothing if it cannot be."""
    for path in (file, *file.parent.glob(f"{file.name}.*")):
        with contextlib.suppress(OSError):
            path.unlink()


def clear_checkpoints(root: Path) -> None:
    """Remove the checkpoints of finished entries, and those that nobody touched for a month."""
    for file in root.glob(f"*/.*{_SUFFIX}*"):
        key = file.name.removeprefix(".").partition(".")[0]
        with contextlib.suppress(OSError):
            finished = (file.parent / key).is_dir()
            if finished or time.time() - file.stat().st_mtime > KEPT_S:
                file.unlink()
