"""Whether the device of a job is there, asked before any job starts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.boards.presence import Found, Wanted
from coralexp.boards.reach import find_device
from coralexp.errors import Problem

if TYPE_CHECKING:
    from coralexp.devices.contract import Device
    from coralexp.spec.experiment import Machine

NO_COMPILER = "absent"
_NOTHING = "no Edge TPU is attached to this machine (USB 1a6e:089a or 18d1:9302, /dev/apex_*)"
_UNCOMPILED = (
    "no edgetpu_compiler is here, so there is no compiled file to measure on the Edge TPU that is"
    " here; machine.compiler=... names one"
)


def find_for(device: Device, machine: Machine, compiler: str) -> Found:
    """Return whether a device is there and has something to measure.

    Args:
        device: The choice.
        machine: How it is reached.
        compiler: Name of the Edge TPU compiler, or `NO_COMPILER`.
    """
    if device.measure == "never":
        return Found(there=False)
    host, chip = device.host, device.edge_tpu is not None
    wanted = Wanted(host.name, host.is_this_computer, device.interface, edge_tpu=chip)
    found = find_device(wanted, machine)
    if found.there and chip and compiler == NO_COMPILER:
        return Found(there=False, reason=_UNCOMPILED)
    return found


def problem_of(device: Device, choice: str, found: Found) -> Problem | None:
    """Return what is wrong if a device is required that is not there."""
    if device.measure != "required" or found.there:
        return None
    return Problem("device.measure", f"required for {choice}, but {found.reason or _NOTHING}")
