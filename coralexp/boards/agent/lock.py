"""One measurement at a time on a machine, whoever asks: a lock that ends with its process.

The file of the lock says who holds it; who waits leaves a note beside it. Both are JSON: `owner`
(user@host of who asked) and `asker` (its process there), `user` and `pid` of the agent here, `job`,
`since` (seconds since 1970).
"""

from __future__ import annotations

import contextlib
import getpass
import json
import os
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

NAME = "coralexp-board.lock"
WAITING = "coralexp-board.waiting-"
_PAUSE_S = 0.1
_LEAST_S = 0.3  # who only looks at the lock has it for a moment


@contextlib.contextmanager
def alone(
    folder: str | None, wait_s: float, job: str, asker: dict[str, object] | None = None
) -> Generator[None, None, None]:
    """Be the only one who measures here.

    Args:
        folder: Of the lock; None takes the one of temporary files, which all users share.
        wait_s: How long to wait for who is measuring.
        job: What for, told to those who wait.
        asker: `owner` and `asker`, if that is known.

    Raises:
        Refused: If it is still taken then.
    """
    if fcntl is None:
        yield
        return
    path = lock_file(folder)
    about = {**(asker or {}), "job": job, "pid": os.getpid(), "user": _user()}
    try:
        number = _open(path)
    except OSError as error:
        raise Refused("space", f"{path}: cannot be opened ({error.strerror})") from error
    with os.fdopen(number, "r+", encoding="utf-8") as file:
        with _note(path, about) as note:
            end = time.monotonic() + max(wait_s, _LEAST_S)
            while not is_taken(file.fileno(), fcntl.LOCK_EX):
                if time.monotonic() >= end:
                    text = f"another process measures here: {_told(path)} (lock {path})"
                    raise Refused("busy", text)
                note()
                time.sleep(_PAUSE_S)
        _tell(file.fileno(), about)
        try:
            yield
        finally:
            _tell(file.fileno(), None)


def lock_file(folder: str | None) -> Path:
    """Return the file of the lock; None takes the folder of temporary files."""
    return Path(folder or tempfile.gettempdir()) / NAME


def is_taken(number: int, how: int) -> bool:
    """Take a lock if it is free; return whether this process has it now."""
    try:
        fcntl.flock(number, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _note(path: Path, about: dict[str, object]) -> Generator[Callable[[], None], None, None]:
    """Yield what leaves a note, once, that this process waits; it is taken away at the end."""
    note = path.with_name(f"{WAITING}{os.getpid()}.json")
    left = False

    def leave() -> None:
        nonlocal left
        if not left:
            left = True
            with contextlib.suppress(OSError):  # a full disk, or another's: nobody learns of it
                note.write_text(json.dumps({**about, "since": time.time()}), encoding="utf-8")

    try:
        yield leave
    finally:
        if left:
            with contextlib.suppress(OSError):
                note.unlink()


def _open(path: Path) -> int:
    """Open the file of the lock, for everybody; systems refuse to *create* what others own."""
    try:
        return os.open(str(path), os.O_RDWR)
    except FileNotFoundError:
        number = os.open(str(path), os.O_RDWR | os.O_CREAT, 0o666)
        with contextlib.suppress(OSError):
            path.chmod(0o666)  # the umask took some of it
        return number


def _tell(number: int, holder: dict[str, object] | None) -> None:
    with contextlib.suppress(OSError):  # a full disk: those who wait do not learn for whom
        os.ftruncate(number, 0)
        text = "" if holder is None else json.dumps({**holder, "since": time.time()})
        os.pwrite(number, text.encode("utf-8"), 0)


def _told(path: Path) -> str:
    try:
        holder = json.loads(path.read_text(encoding="utf-8"))
        since = time.strftime("%H:%M:%S", time.localtime(holder["since"]))
        who = holder.get("owner") or holder["user"]
        return f"process {holder['pid']} of {who}, for {holder['job']}, since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it did not say which"


def _user() -> str:
    try:
        return getpass.getuser()
    except Exception:  # noqa: BLE001 - a user without a name
        return str(os.getuid())
