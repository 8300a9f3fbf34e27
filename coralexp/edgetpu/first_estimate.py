"""A first estimate of the time of one inference on an Edge TPU, from five constants.

    t = fixed + input / link + max(MACs / arithmetic, parameters beyond the cache / streaming)

Fitted to 19 published latencies of ImageNet networks on a USB Accelerator behind a desktop's USB
3: mean error 10.5 %, leave-one-out 13.4 %, worst 65 % (DenseNet-121, whose concatenations it does
not see). It knows no operators: it is only for models of which every tensor is an integer, and
takes for granted that all of them run on the chip.
"""

from __future__ import annotations

from dataclasses import dataclass

GMACS_PER_MS_AT_500_MHZ = 0.47
CACHE_BYTES = 5.9e6
INTERVAL_FACTOR = 1.5  # either way: wider than the leave-one-out errors but for the worst model


@dataclass(frozen=True)
class Link:
    """How an Edge TPU is reached.

    Attributes:
        fixed_ms: Of every invocation.
        input_mb_per_s: Input bytes in 10^6 a second; instructions and output are in it as well,
            since the fit had no term of their own for them.
        stream_mb_per_s: Parameters that do not stay on the chip, in 10^6 bytes a second.
    """

    fixed_ms: float
    input_mb_per_s: float
    stream_mb_per_s: float


@dataclass(frozen=True)
class Latency:
    """The time of one inference.

    Attributes:
        ms: Best guess, in milliseconds.
        low_ms: Lower end of the interval.
        high_ms: Upper end.
        source: `estimated` or `measured`.
    """

    ms: float
    low_ms: float
    high_ms: float
    source: str


def estimate(
    macs: int, parameter_bytes: int, input_bytes: int, link: Link, clock_mhz: float
) -> Latency:
    """Return the estimated time of one inference once the parameters are on the chip.

    Args:
        macs: Multiplications with addition of one inference.
        parameter_bytes: Of all constants, int8.
        input_bytes: Of all inputs.
        link: Way to the chip.
        clock_mhz: Of the chip: 500 or 250.
    """
    arithmetic_ms = macs / 1e9 / (GMACS_PER_MS_AT_500_MHZ * clock_mhz / 500)
    streamed_bytes = max(parameter_bytes - CACHE_BYTES, 0.0)
    streaming_ms = streamed_bytes / (link.stream_mb_per_s * 1e3)
    transfer_ms = input_bytes / (link.input_mb_per_s * 1e3)
    total_ms = link.fixed_ms + transfer_ms + max(arithmetic_ms, streaming_ms)
    return Latency(
        total_ms, total_ms / INTERVAL_FACTOR, total_ms * INTERVAL_FACTOR, source="estimated"
    )
