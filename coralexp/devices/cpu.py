"""A processor alone, without an Edge TPU."""

from __future__ import annotations

from coralexp.devices.contract import Device, Measure, counted
from coralexp.devices.hosts import HostName, host_called

VERSION = 2


def plan(
    *, host: HostName = "desktop", measure: Measure = "auto", accuracy_images: int | None = None
) -> Device:
    """Describe a device that runs everything on its processor.

    Args:
        host: `desktop` is the computer of the job, and is measured; the boards are estimated,
            unless `machine.host` is one.
        measure: `auto` measures if the device is there and estimates if not; `never` estimates;
            `required` refuses to do without.
        accuracy_images: Test images whose answers a board gives, too; null for all, 0 for none.

    Raises:
        OptionError: If `accuracy_images` is below 0.
    """
    return Device(
        host_called(host),
        edge_tpu=None,
        measure=measure,
        accuracy_images=counted(accuracy_images),
    )
