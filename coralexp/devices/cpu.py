"""A processor alone, without an Edge TPU."""

from __future__ import annotations

from coralexp.devices.contract import PATIENCE, Device, Measure, counted, patience
from coralexp.devices.hosts import HostName, host_called

VERSION = 2
__all__ = ["PATIENCE", "plan"]


def plan(
    *,
    host: HostName = "desktop",
    measure: Measure = "auto",
    accuracy_images: int | None = None,
    wait: float = 60.0,
    max_minutes: float | None = None,
) -> Device:
    """Describe a device that runs everything on its processor.

    Args:
        host: `desktop` is the computer of the job, and is measured; the boards are estimated,
            unless `machine.host` is one.
        measure: `auto` measures if the device is there and estimates if not; `never` estimates;
            `required` refuses to do without.
        accuracy_images: Test images whose answers a board gives, too; null for all, 0 for none.
        wait: Minutes that a job waits for a device which measures for others; then it is estimated,
            or fails if it is required.
        max_minutes: Longest time of a measurement, in minutes: it is ended then; null sets none.

    Raises:
        OptionError: If a number is out of its range.
    """
    wait_min, max_min = patience(wait, max_minutes)
    return Device(
        host_called(host),
        edge_tpu=None,
        measure=measure,
        accuracy_images=counted(accuracy_images),
        wait_min=wait_min,
        max_min=max_min,
    )
