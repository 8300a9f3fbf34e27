"""Where the measuring is done: on this machine, or on a board that `machine` names."""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.facts import host
from coralexp.boards.agent.measurement import CPU
from coralexp.boards.local import HERE, file_here, measure_here
from coralexp.boards.order import MeasureOrder
from coralexp.boards.presence import Found, find_here, judge
from coralexp.boards.several import measure_on_free
from coralexp.errors import BoardError
from coralexp.spec.board_address import read_address

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.boards.presence import Wanted
    from coralexp.boards.result import Measurement
    from coralexp.spec.experiment import Machine


def find_device(wanted: Wanted, machine: Machine) -> Found:
    """Return whether the chosen device is there; asked again, it answers as before.

    Args:
        wanted: The choice.
        machine: What this machine offers: `delegate`, `python`, `host`, `hosts`.
    """
    if machine.boards:
        return _named(_on_boards(wanted, machine), machine)
    if not wanted.edge_tpu:
        return judge(wanted, {"host": dict(host()), "devices": [], "runtime": ""}, HERE)
    return _named(
        find_here(wanted, file_here(machine.delegate), file_here(machine.python)), machine
    )


def measure_there(
    order: MeasureOrder,
    machine: Machine,
    lost: Callable[[str, str], None] = lambda host, why: None,
) -> Measurement:
    """Carry out an order where the device is.

    Args:
        order: What to measure; its delegate is that of the machine.
        machine: What this machine offers: `python`, and `host`, or `hosts` that are equal.
        lost: Told which board does not answer, and why.

    Raises:
        NoBoardError: If boards are named, and none is to be had.
        BoardError: If it cannot be measured; the text says why.
    """
    if machine.boards:
        return measure_on_free(order, machine.boards, machine.python, lost)
    order = dataclasses.replace(order, delegate=file_here(order.delegate))
    return measure_here(order, file_here(machine.python))


def _named(found: Found, machine: Machine) -> Found:
    """Add the library that was asked for: another gives another measurement."""
    if not found.there or machine.delegate is None:
        return found
    return dataclasses.replace(found, what=f"{found.what}, {machine.delegate}")


def _on_boards(wanted: Wanted, machine: Machine) -> Found:
    """Look at all boards at a time; those that count are of one kind, that of the first."""
    several = bool(machine.hosts)

    def look(host: str) -> Found:
        return _on_board(wanted, host, machine.delegate, machine.python, several=several)

    with ThreadPoolExecutor(len(machine.boards)) as pool:
        seen = dict(zip(machine.boards, pool.map(look, machine.boards), strict=True))
    first = next((found for found in seen.values() if found.there), None)
    if first is None:
        return Found(there=False, reason="; ".join(found.reason for found in seen.values()))
    equal = {host: found for host, found in seen.items() if found.what == first.what}
    aside = []
    for address, found in seen.items():
        if not found.there:
            aside.append(found.reason)
        elif address not in equal:
            aside.append(f"{address} is another kind of device: {found.what}, not {first.what}")
    # Of a board with one Edge TPU the name is None, and the one that others call it is its own.
    device = next((found.device for found in equal.values() if found.device), None)
    return dataclasses.replace(first, device=device, hosts=tuple(equal), aside=tuple(aside))


@cache
def _on_board(
    wanted: Wanted, host: str, delegate: str | None, python: str | None, *, several: bool
) -> Found:
    from coralexp.boards.ssh.board import look_on_board

    device = None if wanted.edge_tpu else CPU
    order = MeasureOrder(Path(), delegate=delegate, device=device, job="a look")
    try:
        seen = look_on_board(order, read_address(host), python)
        return judge(wanted, seen, host, one_of_several=several)
    except BoardError as error:
        return Found(there=False, reason=str(error))
