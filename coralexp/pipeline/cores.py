"""Who may use the processor's cores: several stages together, or one alone."""

from __future__ import annotations

import contextlib
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

# A training's bits and speed depend on the cores it has; a time that is measured beside other work
# is that work's time, too.
ALONE = frozenset({"train", "compress", "qat", "measure"})

_PAUSE_S = 0.25


@dataclass
class Cores:
    """The cores of this machine, for the stages of one command."""

    _change: threading.Condition = field(default_factory=threading.Condition, init=False)
    _working: int = field(default=0, init=False)
    _alone: bool = field(default=False, init=False)
    _asking: int = field(default=0, init=False)

    @contextlib.contextmanager
    def used_by(self, stage: str, check: Callable[[], None]) -> Generator[None]:
        """Wait until a stage may work, and keep others out meanwhile if it works alone.

        Who wants to be alone comes before those who would share: it would wait forever otherwise.

        Args:
            stage: Its name.
            check: Called several times a second; ends the waiting by raising.
        """
        alone = stage in ALONE
        with self._change:
            self._asking += alone
            try:
                while self._alone or (self._working if alone else self._asking):
                    check()
                    self._change.wait(_PAUSE_S)
            finally:
                self._asking -= alone
                self._change.notify_all()
            self._working += 1
            self._alone = alone
        try:
            yield
        finally:
            with self._change:
                self._working -= 1
                self._alone = False
                self._change.notify_all()
