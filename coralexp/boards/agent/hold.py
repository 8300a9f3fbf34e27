"""Who has the lock, who waits for it, and how it is taken from a process that keeps it."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused
from coralexp.boards.agent.lock import WAITING, is_taken, lock_file

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_BYTES = 4096
_GENTLE_S = 5.0  # for an inference to end
_PAUSE_S = 0.1
_AGENTS = (b"agent.pyz", b"benchmark.py")
_TEXTS, _NUMBERS = ("owner", "user", "job"), ("asker", "pid", "since")


def hold(folder: str | None) -> dict[str, object]:
    """Return who has the lock.

    Args:
        folder: Of the lock; None takes the one of temporary files.

    Returns:
        `held`; `holder`, its `owner`, `asker`, `user`, `pid`, `job`, `since`, as far as it said so,
        None if nobody holds it; `waiting`, the same of everybody who waits, the longest first;
        `now`, this machine's clock.
    """
    path = lock_file(folder)
    held = _is_held(path)
    notes = sorted(_waiting(path), key=lambda about: float(str(about.get("since", 0))))
    holder = _read(path) if held else None
    return {"held": held, "holder": holder, "waiting": notes, "now": time.time()}


def release(folder: str | None, owner: str, force: bool) -> dict[str, object]:  # noqa: FBT001
    """End the process that holds the lock: gently first, so that it says why it ended.

    Args:
        folder: Of the lock.
        owner: user@host of who asks; another's is not ended
        force: unless this is true.

    Returns:
        `released`: what `hold` gave as the holder; None if nobody held it.

    Raises:
        Refused: If it is another's, or cannot be ended.
    """
    path = lock_file(folder)
    if not _is_held(path):
        return {"released": None}
    holder = _read(path)
    whose, pid = holder.get("owner") or "somebody who did not say so", holder.get("pid")
    if whose != owner and not force:
        text = f"{whose} holds the board, for {holder.get('job')}; you are {owner}"
        raise Refused("owner", f"{text}; --force ends it all the same")
    if not isinstance(pid, int) or not _is_agent(pid):
        raise Refused("busy", f"no process that measures is known for the lock {path}")
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass
        except PermissionError:
            text = f"process {pid} is of the board's user {holder.get('user')}: log in as that one"
            raise Refused("owner", text) from None
        end = time.monotonic() + _GENTLE_S
        while time.monotonic() < end:
            if _read(path).get("pid") != pid or not _is_held(path):
                return {"released": holder}
            time.sleep(_PAUSE_S)
    raise Refused("busy", f"process {pid} does not end, not even by force")


def _is_held(path: Path) -> bool:
    if fcntl is None or not path.exists():
        return False
    with path.open("rb") as file:
        return not is_taken(file.fileno(), fcntl.LOCK_SH)


def _waiting(path: Path) -> Iterator[dict[str, object]]:
    for note in path.parent.glob(f"{WAITING}*.json"):
        about = _read(note)
        pid = about.get("pid")
        if isinstance(pid, int) and _is_agent(pid):  # else it was killed while it waited
            yield about


def _read(path: Path) -> dict[str, object]:
    """Return what a file says of a process: everybody may write it, so no more than is known."""
    try:
        with path.open("rb") as file:
            fields = json.loads(file.read(_MOST_BYTES).decode("utf-8"))
    except (OSError, ValueError):
        return {}
    if not isinstance(fields, dict):
        return {}
    texts = {n: _plain(fields[n]) for n in _TEXTS if isinstance(fields.get(n), str)}
    numbers = {n: fields[n] for n in _NUMBERS if isinstance(fields.get(n), (int, float))}
    return {**texts, **numbers}


def _plain(text: str) -> str:
    return "".join(sign for sign in text[:200] if sign.isprintable())


def _is_agent(pid: int) -> bool:
    """Return whether a process is one of these; True where the system does not tell."""
    with contextlib.suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes()
        return any(name in words for name in _AGENTS)
    return not Path("/proc/self").exists()
