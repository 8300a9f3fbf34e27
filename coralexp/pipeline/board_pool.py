"""The boards of one command: each measures one thing at a time, and one that died is left alone."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.boards.failures import NoBoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from coralexp.boards.presence import Found

_PAUSE_S = 0.25


@dataclass
class BoardPool:
    """Which boards are free and which are set aside; other commands are kept out by the boards.

    Attributes:
        note: Takes a line for the user.
    """

    note: Callable[[str], None]
    _change: threading.Condition = field(default_factory=threading.Condition, init=False)
    _busy: set[str] = field(default_factory=set, init=False)
    _lost: dict[str, str] = field(default_factory=dict, init=False)
    _told: set[str] = field(default_factory=set, init=False)

    @contextlib.contextmanager
    def one_of(self, found: Found, check: Callable[[], None]) -> Generator[tuple[str, ...]]:
        """Wait until no other job of this command measures on one of the boards.

        Args:
            found: The boards.
            check: Called several times a second; ends the waiting by raising.

        Yields:
            The boards that may measure, the one that is this job's in front: should another command
            have that one, one of the others may be free. Nothing if this machine measures.

        Raises:
            NoBoardError: If all of them are set aside.
        """
        if not found.hosts:
            yield ()
            return
        self._tell(found)
        with self._change:
            while (mine := self._free(found)) is None:
                check()
                self._change.wait(_PAUSE_S)
            self._busy.add(mine)
            others = [host for host in found.hosts if host not in {mine, *self._lost}]
            others.sort(key=lambda host: host in self._busy)
        try:
            yield (mine, *others)
        finally:
            with self._change:
                self._busy.discard(mine)
                self._change.notify_all()

    def set_aside(self, host: str, why: str) -> None:
        """Use a board no more; the user hears of it once."""
        with self._change:
            is_new = host not in self._lost
            self._lost[host] = why
            self._change.notify_all()
        if is_new:
            self.note(f"set aside for the rest of this command: {why}")

    def _free(self, found: Found) -> str | None:
        alive = [host for host in found.hosts if host not in self._lost]
        if not alive:
            raise NoBoardError("; ".join(self._lost[host] for host in found.hosts))
        return next((host for host in alive if host not in self._busy), None)

    def _tell(self, found: Found) -> None:
        """Tell of the boards that were named and do not count."""
        with self._change:
            new = [why for why in found.aside if why not in self._told]
            self._told.update(new)
        for why in new:
            self.note(f"set aside for the rest of this command: {why}")
