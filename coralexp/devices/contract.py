"""What a device is: an Edge TPU behind a link, or none, and the processor beside it.

A choice of the group `device` names a function of keyword-only options that returns a `Device`.
"""

from __future__ import annotations

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
    """

    host: Host
    edge_tpu: Platform | None
    compilation: CompileOptions | None = None
    interface: Interface | None = None
    measure: Measure = "auto"
    accuracy_images: int | None = None


def counted(accuracy_images: int | None) -> int | None:
    """Return a count of images.

    Raises:
        OptionError: If it is below 0.
    """
    if accuracy_images is not None and accuracy_images < 0:
        text = f"must be at least 0, or null for all; got {accuracy_images}"
        raise OptionError("accuracy_images", text)
    return accuracy_images
