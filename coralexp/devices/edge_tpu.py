"""Every device with an Edge TPU: they differ in data alone."""

from __future__ import annotations

import math
from typing import Literal

from coralexp.devices.contract import PATIENCE, Device, Interface, Measure, counted, patience
from coralexp.devices.hosts import HostName, host_called
from coralexp.edgetpu.compiler.options import CompileOptions
from coralexp.edgetpu.latency.platform import Link, Platform
from coralexp.errors import OptionError

VERSION = 2
__all__ = ["PATIENCE", "plan"]
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
    num_segments: int = 1,
    multiple_subgraphs: bool = False,
    search_delegate: bool = True,
    delegate_search_step: int = 30,
    min_runtime: int | None = None,
    compile_timeout_s: int = 180,
    interface: Interface | None = None,
    measure: Measure = "auto",
    accuracy_images: int | None = None,
    wait: float = 60.0,
    max_minutes: float | None = None,
) -> Device:
    """Describe an Edge TPU and what it is attached to.

    Args:
        fixed_ms: Of every invocation, at least 0.
        input_mb_per_s: Inputs and instructions, in 10^6 bytes a second.
        output_mb_per_s: Outputs of 3 channels, which the host lays out anew, in 10^6 bytes a
            second.
        stream_mb_per_s: Parameters, in 10^6 bytes a second.
        throttles: Whether the standard runtime halves the clock of this device; it does on USB
            only.
        spread: Factor, at least 1, by which these may be off beyond the model's own errors: 1 where
            the device itself was fitted.
        host: Processor beside it.
        clock: Runtime that is installed: `max` is libedgetpu1-max at 500 MHz, `std` is
            libedgetpu1-std: 250 MHz on USB, and the same as `max` on PCIe.
        num_segments: Models that the compiler splits the network into, for as many Edge TPUs.
        multiple_subgraphs: Whether the compiler may map several parts of the network.
        search_delegate: Whether the compiler tries again with fewer operators after a failure.
        delegate_search_step: Operators to leave out at each of these tries.
        min_runtime: Oldest Edge TPU runtime that the file must run on, 10 to 14; null takes the
            compiler's default.
        compile_timeout_s: The compiler's limit for one try, in seconds.
        interface: What the Edge TPU is attached to: one on another is not this device, and is not
            measured in its name; null does not look.
        measure: `auto` measures if the device is there and estimates if not; `never` estimates;
            `required` refuses to do without.
        accuracy_images: Test images whose answers the device gives, too, where it is measured; null
            for all, 0 for none.
        wait: Minutes that a job waits for a device which measures for others; then it is estimated,
            or fails if it is required.
        max_minutes: Longest time of a measurement, in minutes: it is ended then; null sets none.

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
    wait_min, max_min = patience(wait, max_minutes)
    link = Link(fixed_ms, input_mb_per_s, output_mb_per_s, stream_mb_per_s, spread)
    processor = host_called(host)
    clock_mhz = CLOCK_MHZ[clock if throttles else "max"]
    return Device(
        processor,
        Platform(link, clock_mhz, processor),
        _compilation(
            compile_timeout_s,
            num_segments=num_segments,
            multiple_subgraphs=multiple_subgraphs,
            search_delegate=search_delegate,
            delegate_search_step=delegate_search_step,
            min_runtime=min_runtime,
        ),
        interface=interface,
        measure=measure,
        accuracy_images=counted(accuracy_images),
        wait_min=wait_min,
        max_min=max_min,
    )


def _compilation(timeout_s: int, **asked: int | None) -> CompileOptions:
    try:
        return CompileOptions(timeout_s=timeout_s, **asked)  # type: ignore[arg-type]
    except OptionError as error:
        option = "compile_timeout_s" if error.option == "timeout_s" else error.option
        raise OptionError(option, error.text) from error
