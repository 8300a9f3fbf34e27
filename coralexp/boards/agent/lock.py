"""One measurement at a time on a machine, whoever asks: a lock that ends with its process."""

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
    from collections.abc import Generator

NAME = "coralexp-board.lock"
_PAUSE_S = 0.1


@contextlib.contextmanager
def alone(folder: str | None, wait_s: float, job: str) -> Generator[None, None, None]:
    """Be the only one who measures here.

    Args:
        folder: Of the lock; None takes the one of temporary files, which all users share.
        wait_s: How long to wait for who is measuring.
        job: What for, told to those who wait.

    Raises:
        Refused: If it is still taken then.
    """
    if fcntl is None:
        yield
        return
    path = Path(folder or tempfile.gettempdir()) / NAME
    try:
        number = _open(path)
    except OSError as error:
        raise Refused("space", f"{path}: cannot be opened ({error.strerror})") from error
    with os.fdopen(number, "r+", encoding="utf-8") as file:
        began = time.monotonic()
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except OSError:
                if time.monotonic() - began >= wait_s:
                    text = f"another process measures here: {_told(path)} (lock {path})"
                    raise Refused("busy", text) from None
                time.sleep(_PAUSE_S)
        _tell(file.fileno(), {"pid": os.getpid(), "user": _user(), "job": job})
        try:
            yield
        finally:
            _tell(file.fileno(), None)


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
        return f"process {holder['pid']} of {holder['user']}, for {holder['job']}, since {since}"
    except (OSError, ValueError, KeyError, TypeError):
        return "it did not say which"


def _user() -> str:
    try:
        return getpass.getuser()
    except Exception:  # noqa: BLE001 - a user without a name
        return str(os.getuid())
