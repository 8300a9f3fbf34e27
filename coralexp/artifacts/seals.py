"""Whether the files of an entry are those whose digests were checked, without reading them.

    store / seals / <stage> / <key>.json    size, times and place on the disk of every file

Reading gigabytes each time a command is given again would take longer than all else that it does.
So the state of the files is written down when their digests were right, as git does in its index;
as long as it is the same nobody wrote to them: the system sets the time of the last change
(`st_ctime`) by its own clock, and no program can set it. What this cannot see is a disk that
forgets by itself; `Store.damage` reads everything.
"""

from __future__ import annotations

import contextlib
import json
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import Json

_FOLDER = "seals"


def state_of(entry: Path) -> Json:
    """Return what the file system says of every file below a folder, without reading them."""
    found: dict[str, Json] = {}
    for path in sorted(entry.rglob("*")):
        stat = path.lstat()
        if not path.is_dir():
            name = path.relative_to(entry).as_posix()
            found[name] = [stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns, stat.st_ino]
    return found


def is_sealed(root: Path, stage: str, key: str) -> bool:
    """Return whether the files of an entry are as they were when it was sealed."""
    try:
        sealed = json.loads(_path(root, stage, key).read_text(encoding="utf-8"))
        return bool(sealed == state_of(root / stage / key))
    except (OSError, ValueError):
        return False


def seal(root: Path, stage: str, key: str, state: Json) -> None:
    """Write down that the digests of an entry were right.

    Args:
        root: Folder of the store.
        stage: Of the entry.
        key: Of the entry.
        state: Taken before the digests were: what changed meanwhile breaks the seal.
    """
    path = _path(root, stage, key)
    draft = path.with_name(f".{key}.{os.getpid()}")
    with contextlib.suppress(OSError):  # a store that cannot be written is read in full each time
        path.parent.mkdir(parents=True, exist_ok=True)
        draft.write_text(json.dumps(state), encoding="utf-8")
        draft.replace(path)


def unseal(root: Path, stage: str, key: str) -> None:
    """Forget an entry."""
    with contextlib.suppress(OSError):
        _path(root, stage, key).unlink()


def _path(root: Path, stage: str, key: str) -> Path:
    return root / _FOLDER / stage / f"{key}.json"
