"""What was fitted, kept as data: `constants.json`, written by `benchmarks/latency/fit.py`."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

# 16 tiles x 64 cells x 4 lanes at 500 MHz; the 4 TOPS of the datasheet count two a multiplication.
PEAK_MACS_PER_MS = 16 * 64 * 4 * 500e3
FULL_CLOCK_MHZ = 500.0

_FILE = Path(__file__).with_name("constants.json")


@dataclass(frozen=True)
class Chip:
    """Constants of the chip, at 500 MHz; the same for every device.

    Attributes:
        efficiency: Share of the peak that layers with weights reach, in [0, 1]: `convolution`,
            dense layers too, and `depthwise`.
        activation_gb_per_s: Computed values read and written, in 10^9 bytes a second: `matrix` for
            the two above, `broadcast` for arithmetic with a constant, `window` for pooling,
            padding and concatenation, `other` for the rest.
        operator_ms: Of every operator, whatever it does.
        instruction_bytes: Sent with every inference, for each operator: `matrix`, `window`,
            `other`, the last for `broadcast`, too.
    """

    efficiency: Mapping[str, float]
    activation_gb_per_s: Mapping[str, float]
    operator_ms: float
    instruction_bytes: Mapping[str, float]


@dataclass(frozen=True)
class Cpu:
    """Constants of TensorFlow Lite on one thread of the desktop of Coral's benchmarks.

    Attributes:
        gmacs_per_s: Of 8-bit `convolution` (dense layers, too) and `depthwise` layers.
        activation_gb_per_s: Computed values read and written, in 10^9 bytes a second: `matrix` for
            layers with weights, `other` for the rest.
    """

    gmacs_per_s: Mapping[str, float]
    activation_gb_per_s: Mapping[str, float]


@dataclass(frozen=True)
class Constants:
    """Everything fitted.

    Attributes:
        chip: Of the Edge TPU.
        cpu: Of the host.
        hosts: Speeds of processors against that host.
        interval_factor: Times within this factor of the prediction make its 90 % interval, as
            networks have it that the fit did not see.
        cpu_interval_factor: The same of the CPU's part.
    """

    chip: Chip
    cpu: Cpu
    hosts: Mapping[str, float]
    interval_factor: float
    cpu_interval_factor: float


def digest() -> str:
    """Return what tells these constants from others: a SHA-256 in hexadecimal digits."""
    return hashlib.sha256(_FILE.read_bytes()).hexdigest()


@cache
def fitted() -> Constants:
    """Return the constants that are in use."""
    return from_dict(json.loads(_FILE.read_text(encoding="utf-8")))


def from_dict(fields: Mapping[str, object]) -> Constants:
    """Return the constants that `constants.json` holds; what else is in it is passed over."""
    chip, cpu = fields["chip"], fields["cpu"]
    return Constants(
        Chip(**chip),  # type: ignore[arg-type]
        Cpu(**cpu),  # type: ignore[arg-type]
        fields["hosts"],  # type: ignore[arg-type]
        float(fields["interval_factor"]),  # type: ignore[arg-type]
        float(fields["cpu_interval_factor"]),  # type: ignore[arg-type]
    )
