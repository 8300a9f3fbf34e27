"""A foreign program run within limits of time and memory, with everything that it started."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
import time
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

KEPT_BYTES = 4 * 2**20  # half from the start of an output, half from its end
_BLOCK = 2**16
_PAUSE_S = 0.2
_AFTER_END_S = 1.0  # for what is in the pipe when the program has ended


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Attributes:
        status: Exit status; negative for the signal that killed it; None if it ran out of time.
        output: Standard output and errors as they came; bytes that are no UTF-8 are replaced.
        left_out_bytes: How much of the middle of a huge output is left out of `output`.
        seconds: Wall time.
    """

    status: int | None
    output: str
    left_out_bytes: int
    seconds: float

    @property
    def crash(self) -> str | None:
        """Name of the signal that ended it, also behind a shell, or None."""
        if self.status is None:
            return None
        number = -self.status if self.status < 0 else self.status - 128
        if number <= 0:
            return None
        with contextlib.suppress(ValueError):
            return signal.Signals(number).name
        return None


def run(command: Sequence[str], folder: Path, limit_s: float) -> Ended:
    """Run a program without input; end it and its children when the time is over.

    Args:
        command: Program and arguments.
        folder: Working folder.
        limit_s: Wall time, seconds.

    Raises:
        OSError: If it cannot be started.
    """
    started = time.monotonic()
    process = subprocess.Popen(
        list(command),
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    keeper = _Keeper()
    try:
        in_time = _listen(process, keeper, started + limit_s)
    finally:
        _end_group(process)
        status = process.wait()
        if process.stdout is not None:
            process.stdout.close()
    return Ended(
        status if in_time else None,
        keeper.text(),
        keeper.left_out_bytes,
        time.monotonic() - started,
    )


@dataclass
class _Keeper:
    """Keeps the start and the end of a stream."""

    start: bytearray = field(default_factory=bytearray)
    end: deque[bytes] = field(default_factory=deque)
    end_bytes: int = 0
    left_out_bytes: int = 0

    def take(self, block: bytes) -> None:
        room = KEPT_BYTES // 2 - len(self.start)
        self.start += block[:room]
        if len(block) > room:
            self.end.append(block[room:])
            self.end_bytes += len(block) - room
        while self.end and self.end_bytes - len(self.end[0]) >= KEPT_BYTES // 2:
            gone = len(self.end.popleft())
            self.end_bytes -= gone
            self.left_out_bytes += gone

    def text(self) -> str:
        parts = [bytes(self.start)]
        if self.left_out_bytes:
            parts.append(f"\n[{self.left_out_bytes} bytes of output left out here]\n".encode())
        return b"".join((*parts, *self.end)).decode("utf-8", "replace")


def _listen(process: subprocess.Popen[bytes], keeper: _Keeper, deadline: float) -> bool:
    """Collect the output until the program has ended; False if the time is over first."""
    if process.stdout is None:
        return process.wait() is not None
    pipe = process.stdout.fileno()
    poller = select.poll()
    poller.register(pipe, select.POLLIN | select.POLLHUP)
    ended_at: float | None = None
    while True:
        now = time.monotonic()
        if now >= deadline:
            return process.poll() is not None
        if ended_at is None and process.poll() is not None:
            ended_at = now
        # A child that outlives the program may hold the pipe open.
        if ended_at is not None and now - ended_at >= _AFTER_END_S:
            return True
        if poller.poll(1000 * min(_PAUSE_S, deadline - now)):
            block = os.read(pipe, _BLOCK)
            if not block:
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(max(deadline - time.monotonic(), 0.0))
                return process.poll() is not None
            keeper.take(block)


def _end_group(process: subprocess.Popen[bytes]) -> None:
    """Kill whatever is left of the program and of what it started."""
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
