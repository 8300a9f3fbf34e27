"""A processor alone, without an Edge TPU."""

from __future__ import annotations

from coralexp.devices.contract import Device
from coralexp.devices.hosts import HostName, host_called

VERSION = 2


def plan(*, host: HostName = "desktop") -> Device:
    """Describe a device that runs everything on its processor.

    Args:
        host: `desktop` is the computer of the job, and is measured; the boards are estimated.
    """
    return Device(host_called(host), edge_tpu=None)
