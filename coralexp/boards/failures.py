"""Why a board does not measure, where that decides what is done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping


class GoneError(BoardError):
    """A board does not answer, or takes nothing: another one may."""


class NoBoardError(BoardError):
    """The device was not to be had, or not for long enough: another time it may well measure."""


class BusyError(NoBoardError):
    """Another process measures there."""


class ReleasedError(NoBoardError):
    """The board was taken away from this measurement, for others."""


class LateError(NoBoardError):
    """It took longer than it was allowed to."""


OF_KIND: Mapping[str, type[BoardError]] = {
    "busy": BusyError,
    "released": ReleasedError,
    "late": LateError,
}
