"""What an Edge TPU is attached to: data that differ between devices, and nothing else."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Link:
    """The way between a host's memory and the chip, its software included.

    Attributes:
        fixed_ms: Of every invocation.
        input_mb_per_s: Inputs and instructions, in 10^6 bytes a second.
        output_mb_per_s: Outputs of 3 channels, which the host's processor lays out anew, in 10^6
            bytes a second; of more channels, see `layout`.
        stream_mb_per_s: Parameters, in 10^6 bytes a second.
        spread: Factor by which these may be off beyond the model's own errors: 1 where the device
            itself was fitted, more where its constants are borrowed from another.
    """

    fixed_ms: float
    input_mb_per_s: float
    output_mb_per_s: float
    stream_mb_per_s: float
    spread: float = 1.0


@dataclass(frozen=True)
class Host:
    """The processor that runs what the chip does not.

    Attributes:
        name: What people call it.
        speed: Against the desktop of Coral's benchmarks (Xeon E5-1650 v3), on one thread, in
            TensorFlow Lite of 2019.
        is_this_computer: Whether a job measures on it instead of estimating.
    """

    name: str
    speed: float
    is_this_computer: bool = False


@dataclass(frozen=True)
class Platform:
    """An Edge TPU in its place.

    Attributes:
        link: The way to it.
        clock_mhz: As the runtime sets it, 500 or 250.
        host: The processor beside it.
    """

    link: Link
    clock_mhz: float
    host: Host
