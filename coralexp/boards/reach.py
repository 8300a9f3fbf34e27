"""Where the measuring is done: on this machine, or on the board that `machine.host` names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.boards.agent.facts import host
from coralexp.boards.local import HERE, measure_here
from coralexp.boards.presence import Found, find_here, judge

if TYPE_CHECKING:
    from coralexp.boards.order import MeasureOrder
    from coralexp.boards.presence import Wanted
    from coralexp.boards.result import Measurement
    from coralexp.spec.experiment import Machine


def find_device(wanted: Wanted, machine: Machine) -> Found:
    """Return whether the chosen device is there; asked again, it answers as before.

    Args:
        wanted: The choice.
        machine: What this machine offers: `delegate`, `python`, `host`.
    """
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
    return measure_here(order, machine.python)
