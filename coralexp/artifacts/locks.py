"""One at a time: locks between processes, also on several machines that share a folder.

A lock is one of the operating system's on a file below `store / locks`. The system takes it back
when its process ends, however it ends, so that nobody has to judge whether a holder still lives:
on one machine at once; on a shared folder (NFS 4, SMB) when the file server notices that the
machine is gone, about 90 s. A lock that is nothing but a file that exists could not be taken over
there: whether a process of another machine lives cannot be told from here. Where a file system
has no locks at all, work goes on without: entries appear whole in any case, and the worst is that
two processes make the same one.

The files stay, empty, when a lock is released: whoever removed one while others wait for it would
split them into two queues.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from filelock import FileLock, Timeout

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_PAUSE_S = 0.25  # how long a signal, or the end of a parallel job, may go unnoticed
_POLL_S = 0.05


@dataclass(frozen=True)
class Holder:
    """Who has a lock.

    Attributes:
        pid: The process.
        host: Its machine.
    """

    pid: int
    host: str

    @property
    def is_this_process(self) -> bool:
        """Whether another thread of this process has it."""
        return self == _here()

    def __str__(self) -> str:
        return f"process {self.pid} on {self.host}"


OnWait = Callable[[Holder | None], None]
"""Called several times a second while a lock is waited for; ends the waiting by raising."""


@contextlib.contextmanager
def held(path: Path, on_wait: OnWait) -> Generator[bool]:
    """Hold a lock, waiting for it as long as another process or thread has it.

    Args:
        path: File of the lock; it is made, with its folder.
        on_wait: Hears who has it.

    Yields:
        Whether it had to be waited for: then what it guards may have changed.
    """
    lock = FileLock(path, poll_interval=_POLL_S)
    waited = False
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                lock.acquire(timeout=_PAUSE_S if waited else 0)
                break
            except Timeout:
                waited = True
                on_wait(holder_of(path))
    except OSError:  # read-only, full, or a file system without locks: see above
        yield waited
        return
    with _signed(lock, path):
        yield waited


@contextlib.contextmanager
def held_if_free(path: Path) -> Generator[bool]:
    """Hold a lock if nobody has it.

    Args:
        path: File of the lock; it is made, with its folder.

    Yields:
        Whether it is held.
    """
    lock = FileLock(path)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except (Timeout, OSError):
        yield False
        return
    with _signed(lock, path):
        yield True


@contextlib.contextmanager
def _signed(lock: FileLock, path: Path) -> Generator[None]:
    """Say who holds a lock while it is held, then give it back."""
    try:
        _sign(path)
        yield
    finally:
        with contextlib.suppress(OSError):
            _signature(path).unlink()
        lock.release()


def holder_of(path: Path) -> Holder | None:
    """Return who wrote its name beside a lock; None if nobody did, or not yet."""
    try:
        fields = json.loads(_signature(path).read_text(encoding="utf-8"))
        return Holder(int(fields["pid"]), str(fields["host"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _here() -> Holder:
    return Holder(os.getpid(), socket.gethostname())


def _sign(path: Path) -> None:
    with contextlib.suppress(OSError):
        _signature(path).write_text(json.dumps(vars(_here())), encoding="utf-8")


def _signature(path: Path) -> Path:
    return path.with_suffix(".holder")
