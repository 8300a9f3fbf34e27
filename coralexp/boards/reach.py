"""Where the measuring is done: on this machine, or on the board that `machine.host` names."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.facts import host
from coralexp.boards.agent.measurement import CPU
from coralexp.boards.local import HERE, measure_here
from coralexp.boards.order import MeasureOrder
from coralexp.boards.presence import Found, find_here, judge
from coralexp.errors import BoardError
from coralexp.spec.board_address import read_address

if TYPE_CHECKING:
    from coralexp.boards.presence import Wanted
    from coralexp.boards.result import Measurement
    from coralexp.spec.experiment import Machine


def find_device(wanted: Wanted, machine: Machine) -> Found:
    """Return whether the chosen device is there; asked again, it answers as before.

    Args:
        wanted: The choice.
        machine: What this machine offers: `delegate`, `python`, `host`.
    """
    if machine.host is not None:
        return _on_board(wanted, machine.host, machine.delegate, machine.python)
    if not wanted.edge_tpu:
        return judge(wanted, {"host": dict(host()), "devices": [], "runtime": ""}, HERE)
    return find_here(wanted, machine.delegate, machine.python)


def measure_there(order: MeasureOrder, machine: Machine) -> Measurement:
    """Carry out an order where the device is.

    Args:
        order: What to measure; its delegate is that of the machine.
        machine: What this machine offers: `python`, `host`.

    Raises:
        BoardError: If it cannot be measured; the text says why.
    """
    if machine.host is not None:
        from coralexp.boards.ssh.board import measure_on_board

        return measure_on_board(order, read_address(machine.host), machine.python)
    return measure_here(order, machine.python)


@cache
def _on_board(wanted: Wanted, host: str, delegate: str | None, python: str | None) -> Found:
    from coralexp.boards.ssh.board import look_on_board

    device = None if wanted.edge_tpu else CPU
    order = MeasureOrder(Path(), delegate=delegate, device=device, job="a look")
    try:
        return judge(wanted, look_on_board(order, read_address(host), python), host)
    except BoardError as error:
        return Found(there=False, reason=str(error))
