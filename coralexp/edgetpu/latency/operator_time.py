"""The time of one operator: on the chip, and on a processor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.latency.constants import FULL_CLOCK_MHZ, PEAK_MACS_PER_MS

if TYPE_CHECKING:
    from coralexp.edgetpu.latency.constants import Chip, Cpu
    from coralexp.edgetpu.latency.work import Work
    from coralexp.tflite.graph import Operator

_MATRIX = frozenset({"convolution", "depthwise"})
_BYTES_PER_MS = 1e6  # of 1 GB/s
# Sorting and suppressing boxes: what the chip and the link leave of published times of SSD
# MobileNets (10.0 and 6.5 ms on the desktop, 14.8 and 11 on the Dev Board, 15.1 on a Raspberry Pi
# 4, for 182,000 values), by hand, since their files could not be had.
_POST_PROCESSING_GB_PER_S = 0.11


def instruction_bytes(work: Work, chip: Chip) -> float:
    """Return the bytes of instructions that an operator adds to every inference."""
    if work.kind == "free":
        return 0.0
    return chip.instruction_bytes[_class(work, {"window"})]


def chip_ms(
    work: Work, streamed_bytes: int, stream_mb_per_s: float, clock_mhz: float, chip: Chip
) -> tuple[float, str]:
    """Return the milliseconds of an operator on the chip, and what bounds it.

    The larger of arithmetic with its activations, and of sending parameters that did not stay on
    the chip: the two overlap.
    """
    if work.kind == "free":
        return 0.0, ""
    slower = FULL_CLOCK_MHZ / clock_mhz
    arithmetic_ms = 0.0
    if work.macs:
        arithmetic_ms = work.macs / (PEAK_MACS_PER_MS * chip.efficiency[work.kind])
    rate = chip.activation_gb_per_s[_class(work, {"window", "broadcast"})] * _BYTES_PER_MS
    activation_ms = work.activation_bytes / rate
    busy_ms = (arithmetic_ms + activation_ms) * slower
    streaming_ms = streamed_bytes / (stream_mb_per_s * 1e3)
    bound = "arithmetic" if arithmetic_ms > activation_ms else "activations"
    if streaming_ms > busy_ms:
        busy_ms, bound = streaming_ms, "parameters streamed"
    return busy_ms + chip.operator_ms * slower, bound


def cpu_ms(operator: Operator, work: Work, speed: float, cpu: Cpu) -> float:
    """Return the milliseconds of an operator on a host's processor.

    Args:
        operator: Its multiplications count as they are.
        work: Its activations.
        speed: Of the host, see `Host`.
        cpu: Constants of a host of speed 1.
    """
    kind = "depthwise" if operator.name == "DEPTHWISE_CONV_2D" else "convolution"
    arithmetic_ms = operator.macs / 1e6 / cpu.gmacs_per_s[kind]
    rate = cpu.activation_gb_per_s["matrix" if work.kind in _MATRIX else "other"]
    if operator.is_custom:
        rate = _POST_PROCESSING_GB_PER_S
    activation_ms = work.activation_bytes / (rate * _BYTES_PER_MS)
    return (arithmetic_ms + activation_ms) / speed


def _class(work: Work, own: set[str]) -> str:
    if work.kind in _MATRIX:
        return "matrix"
    return work.kind if work.kind in own else "other"
