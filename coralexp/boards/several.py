"""A measurement on whichever of several equal boards is free."""

from __future__ import annotations

import dataclasses
import time
from typing import TYPE_CHECKING

from coralexp.boards.failures import BusyError, GoneError, NoBoardError
from coralexp.spec.board_address import read_address

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from coralexp.boards.order import MeasureOrder
    from coralexp.boards.result import Measurement

_TURN_S = 5.0  # how long one of several busy boards is waited for before the next is tried


def measure_on_free(
    order: MeasureOrder,
    hosts: Sequence[str],
    python: str | None,
    lost: Callable[[str, str], None],
) -> Measurement:
    """Measure on the first board that is free.

    Args:
        order: What; its `wait_s` is for all boards together.
        hosts: Addresses, the one to try first in front.
        python: Interpreter there; None takes `python3`.
        lost: Told the address of a board that does not answer, and why.

    Raises:
        NoBoardError: If none answers, none becomes free, or the one was not had for long enough.
        BoardError: If it cannot be measured; the text says why.
    """
    from coralexp.boards.ssh.board import measure_on_board

    end = time.monotonic() + order.wait_s
    left, turn_s, why = list(hosts), 0.0, "no board is named"
    while left:
        for host in tuple(left):
            rest_s = max(0.0, end - time.monotonic())
            wait_s = rest_s if len(left) == 1 else min(turn_s, rest_s)
            try:
                one = dataclasses.replace(order, wait_s=wait_s)
                return measure_on_board(one, read_address(host), python)
            except BusyError as error:
                why = str(error)
            except GoneError as error:
                why = str(error)
                left.remove(host)
                lost(host, why)
        if left and time.monotonic() >= end:
            waited = f"none was free in {order.wait_s / 60:g} min"
            raise NoBoardError(f"{why}; {waited}")
        turn_s = _TURN_S
    raise NoBoardError(why)
