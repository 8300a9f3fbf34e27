"""What a device is: an Edge TPU behind a link, or none, and the processor beside it.

A choice of the group `device` names a function of keyword-only options that returns a `Device`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.edgetpu.first_estimate import Link


@dataclass(frozen=True)
class EdgeTpu:
    """The chip and the way to it.

    Attributes:
        link: Its bandwidths.
        clock_mhz: As the runtime sets it.
    """

    link: Link
    clock_mhz: float


@dataclass(frozen=True)
class Host:
    """The processor that runs what the chip does not.

    Attributes:
        name: What people call it.
        cpu_gmacs_per_s: Of an 8-bit MobileNet on one thread; None for the machine of the job, where
            it is measured instead.
    """

    name: str
    cpu_gmacs_per_s: float | None


@dataclass(frozen=True)
class Device:
    """What a model is to run on.

    Attributes:
        host: Its processor.
        edge_tpu: None if it has none.
    """

    host: Host
    edge_tpu: EdgeTpu | None
