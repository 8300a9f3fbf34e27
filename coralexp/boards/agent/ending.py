"""An agent that is ended says why, where it can."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from typing import TYPE_CHECKING

from coralexp.boards.agent.answer import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

_RELEASED = "`coralexp board --release` ended the measurement, so that others have the board"
_HARD_S = 10.0  # later, for a library that lets no thread of this process work


@contextlib.contextmanager
def released_by_signal() -> Generator[None, None, None]:
    """Turn the signal that asks a process to end into a refusal that says so."""

    def end(number: int, frame: object) -> None:
        raise Refused("released", _RELEASED)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


@contextlib.contextmanager
def limited(seconds: float | None, leave: Callable[[Refused], None]) -> Generator[None, None, None]:
    """End this process if the work inside takes too long.

    Args:
        seconds: How long it may take; None sets no limit.
        leave: Told why, just before the end.
    """
    if seconds is None:
        yield
        return

    def end() -> None:
        leave(Refused("late", f"it took longer than {seconds:g} s and was ended"))
        os._exit(1)

    timer = threading.Timer(seconds, end)
    timer.daemon = True
    timer.start()
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_REAL, seconds + _HARD_S)
    try:
        yield
    finally:
        timer.cancel()
        if hasattr(signal, "setitimer"):
            signal.setitimer(signal.ITIMER_REAL, 0)
