"""Being asked to end: SIGTERM becomes an exception, as Ctrl-C is one already."""

from __future__ import annotations

import contextlib
import signal
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from types import FrameType


class Terminated(BaseException):
    """The process was sent SIGTERM: finish what must be, start nothing."""


@contextlib.contextmanager
def terminate_on_sigterm() -> Generator[None]:
    """Raise `Terminated` in the main thread when SIGTERM comes.

    A second SIGTERM changes nothing: what the first one started, such as marking the run as killed,
    is let finish. Outside the main thread, where Python sets no handlers, this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def handler(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_IGN)
        raise Terminated

    before = signal.signal(signal.SIGTERM, handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
