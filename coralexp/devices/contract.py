"""What a device is: an Edge TPU behind a link, or none, and the processor beside it.

A choice of the group `device` names a function of keyword-only options that returns a `Device`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.edgetpu.compiler.options import CompileOptions
    from coralexp.edgetpu.latency.platform import Host, Platform


@dataclass(frozen=True)
class Device:
    """What a model is to run on.

    Attributes:
        host: Its processor.
        edge_tpu: The chip, its link and clock; None if it has none.
        compilation: What the chip's compiler is asked for; None if there is no chip.
    """

    host: Host
    edge_tpu: Platform | None
    compilation: CompileOptions | None = None
