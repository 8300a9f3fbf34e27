"""What a device is: an Edge TPU behind a link, or none, and the processor beside it.

A choice of the group `device` names a function of keyword-only options that returns a `Device`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from coralexp.edgetpu.compiler.options import CompileOptions
    from coralexp.edgetpu.latency.platform import Host, Platform


Interface = Literal["usb3", "usb2", "pcie"]
Measure = Literal["auto", "never", "required"]


@dataclass(frozen=True)
class Device:
    """What a model is to run on.

    Attributes:
        host: Its processor.
        edge_tpu: The chip, its link and clock; None if it has none.
        compilation: What the chip's compiler is asked for; None if there is no chip.
        interface: What the chip is attached to; None if that is not told.
        measure: `auto` measures if the device is there and estimates if not; `never` estimates;
            `required` refuses to do without.
        accuracy_images: Test images whose answers the device gives, too, where it is measured; None
            for all.
        wait_min: How long a job waits for a busy device, in minutes.
        max_min: Longest time of a measurement, in minutes; None sets no limit of its own.
    """

    host: Host
    edge_tpu: Platform | None
    compilation: CompileOptions | None = None
    interface: Interface | None = None
    measure: Measure = "auto"
    accuracy_images: int | None = None
    wait_min: float = 60.0
    max_min: float | None = None


# Options of every device that decide whether it measures, not what: they are in no key.
PATIENCE = ("wait", "max_minutes")


def patience(wait: float, max_minutes: float | None) -> tuple[float, float | None]:
    """Return how long a job waits for a device, and how long it may have it, in minutes.

    Raises:
        OptionError: If one is out of its range.
    """
    if not 0 <= wait < math.inf:
        raise OptionError("wait", f"must be at least 0 minutes; got {wait:g}")
    if max_minutes is not None and not 0 < max_minutes < math.inf:
        text = f"must be above 0 minutes, or null for no limit; got {max_minutes:g}"
        raise OptionError("max_minutes", text)
    return wait, max_minutes


def counted(accuracy_images: int | None) -> int | None:
    """Return a count of images.

    Raises:
        OptionError: If it is below 0.
    """
    if accuracy_images is not None and accuracy_images < 0:
        text = f"must be at least 0, or null for all; got {accuracy_images}"
        raise OptionError("accuracy_images", text)
    return accuracy_images
