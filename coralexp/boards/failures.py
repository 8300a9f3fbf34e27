"""Why a board does not measure, where that decides what is done next."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping


class GoneError(BoardError):
    """A board does not answer: another one may."""


class BusyError(BoardError):
    """Another process measures there."""


class ReleasedError(BoardError):
    """The board was taken away from this measurement, for others."""


class NoBoardError(BoardError):
    """No board is to be had: the model itself may well be measured another time."""


OF_KIND: Mapping[str, type[BoardError]] = {"busy": BusyError, "released": ReleasedError}
