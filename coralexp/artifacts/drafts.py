"""Folders that become entries in one step, and what is left when a process is killed."""

from __future__ import annotations

import errno
import os
import re
import shutil
import socket
import tempfile
from pathlib import Path

import psutil

_OWNED = re.compile(r"\.(?P<host>[^.]*)-(?P<pid>\d+)\.[^.]*$")


def new_draft(entry: Path) -> Path:
    """Make an empty folder beside an entry; its name says whose it is."""
    prefix = f".{entry.name}.{_host()}-{os.getpid()}."
    return Path(tempfile.mkdtemp(prefix=prefix, dir=entry.parent))


def abandoned_drafts(root: Path) -> list[Path]:
    """Return the drafts of processes of this machine that are gone.

    Args:
        root: Folder of the store.
    """
    return [
        draft
        for draft in root.glob("*/.*")
        if (owner := _OWNED.search(draft.name))
        and owner["host"] == _host()
        and not psutil.pid_exists(int(owner["pid"]))
    ]


def put_in_place(draft: Path, entry: Path) -> None:
    """Rename a draft to its entry; an older entry leaves in one step, too.

    Raises:
        OSError: If the folder cannot be written.
    """
    while True:
        try:
            draft.replace(entry)
        except OSError as error:
            if error.errno == errno.EACCES:  # Windows has no other word for a folder that is there
                occupied = entry.exists()
            else:  # it may be gone by now: another process is putting its own in place
                occupied = error.errno in {errno.ENOTEMPTY, errno.EEXIST}
            if not occupied:
                raise
            take_away(entry)
        else:
            return


def take_away(entry: Path) -> None:
    """Remove an entry: gone in one step, then deleted.

    Raises:
        OSError: If the folder cannot be written.
    """
    away = new_draft(entry)
    try:
        entry.replace(away)
    except FileNotFoundError:  # another process was faster
        return
    finally:
        shutil.rmtree(away, ignore_errors=True)


def _host() -> str:
    """Return this machine's name without the characters that folders' names use otherwise."""
    return re.sub(r"[^A-Za-z0-9]", "_", socket.gethostname())
