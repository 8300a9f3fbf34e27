"""Every device with an Edge TPU: they differ in data alone."""

from __future__ import annotations

import math
from typing import Literal

from coralexp.devices.contract import Device
from coralexp.devices.hosts import HostName, host_called
from coralexp.edgetpu.latency.platform import Link, Platform
from coralexp.errors import OptionError

VERSION = 2
CLOCK_MHZ = {"max": 500.0, "std": 250.0}


def plan(
    *,
    fixed_ms: float,
    input_mb_per_s: float,
    output_mb_per_s: float,
    stream_mb_per_s: float,
    throttles: bool,
    spread: float = 1.0,
    host: HostName = "desktop",
    clock: Literal["std", "max"] = "max",
) -> Device:
    """Describe an Edge TPU and what it is attached to.

    Args:
        fixed_ms: Of every invocation, at least 0.
        input_mb_per_s: Inputs and instructions, in 10^6 bytes a second.
        output_mb_per_s: Outputs, which the host lays out anew, in 10^6 bytes a second.
        stream_mb_per_s: Parameters, in 10^6 bytes a second.
        throttles: Whether the standard runtime halves the clock of this device; it does on USB
            only.
        spread: Factor, at least 1, by which these may be off beyond the model's own errors: 1 where
            the device itself was fitted.
        host: Processor beside it.
        clock: Runtime that is installed: `max` is libedgetpu1-max at 500 MHz, `std` is
            libedgetpu1-std: 250 MHz on USB, and the same as `max` on PCIe.

    Raises:
        OptionError: If a time or a rate is out of its range.
    """
    rates = {
        "input_mb_per_s": input_mb_per_s,
        "output_mb_per_s": output_mb_per_s,
        "stream_mb_per_s": stream_mb_per_s,
    }
    for option, value in rates.items():
        if not 0 < value < math.inf:
            raise OptionError(option, f"must be above 0; got {value}")
    if not 0 <= fixed_ms < math.inf:
        raise OptionError("fixed_ms", f"must be at least 0; got {fixed_ms}")
    if not 1 <= spread < math.inf:
        raise OptionError("spread", f"must be at least 1; got {spread}")
    link = Link(fixed_ms, input_mb_per_s, output_mb_per_s, stream_mb_per_s, spread)
    processor = host_called(host)
    clock_mhz = CLOCK_MHZ[clock if throttles else "max"]
    return Device(processor, Platform(link, clock_mhz, processor))
