"""Where the measuring is done: on this machine, or on the board that `machine.host` names."""

from __future__ import annotations

import dataclasses
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.facts import host
from coralexp.boards.agent.measurement import CPU
from coralexp.boards.local import HERE, file_here, measure_here
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
        seen = _on_board(wanted, machine.host, machine.delegate, machine.python)
        return _named(seen, machine)
    if not wanted.edge_tpu:
        return judge(wanted, {"host": dict(host()), "devices": [], "runtime": ""}, HERE)
    return _named(
        find_here(wanted, file_here(machine.delegate), file_here(machine.python)), machine
    )


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
    order = dataclasses.replace(order, delegate=file_here(order.delegate))
    return measure_here(order, file_here(machine.python))


def _named(found: Found, machine: Machine) -> Found:
    """Add the library that was asked for: another gives another measurement."""
    if not found.there or machine.delegate is None:
        return found
    return dataclasses.replace(found, what=f"{found.what}, {machine.delegate}")


@cache
def _on_board(wanted: Wanted, host: str, delegate: str | None, python: str | None) -> Found:
    from coralexp.boards.ssh.board import look_on_board

    device = None if wanted.edge_tpu else CPU
    order = MeasureOrder(Path(), delegate=delegate, device=device, job="a look")
    try:
        return judge(wanted, look_on_board(order, read_address(host), python), host)
    except BoardError as error:
        return Found(there=False, reason=str(error))
