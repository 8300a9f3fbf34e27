"""The processors beside the chip.

The rates of the boards are the geometric mean of those of MobileNetV1 and V2 (1.0, 224 px, uint8,
568.7 and 300.8 million multiplications), from the host columns of Coral's own benchmark
references (google-coral/edgetpu at 75e6756, benchmarks/reference/basic_engine_reference_*.csv):
TensorFlow Lite of 2019 on one thread. Today's is several times faster where XNNPACK has kernels for
the processor, so they are upper ends of a time rather than its middle.
"""

from __future__ import annotations

from typing import Literal, get_args

from coralexp.devices.contract import Host
from coralexp.errors import OptionError

HostName = Literal["desktop", "dev_board", "dev_board_mini", "rpi4", "rpi3"]

HOSTS = {
    "desktop": Host("this computer", None),
    "dev_board": Host("Dev Board, 4 x Cortex-A53", 2.40),  # 184.99 and 160.94 ms
    # Nothing is published for the Mini: the Dev Board's Cortex-A53 stands for its Cortex-A35.
    "dev_board_mini": Host("Dev Board Mini, 4 x Cortex-A35", 2.40),
    "rpi4": Host("Raspberry Pi 4, 4 x Cortex-A72", 3.43),  # 125.966 and 115.07 ms
    "rpi3": Host("Raspberry Pi 3, 4 x Cortex-A53", 1.36),  # 308.4 and 297.73 ms
}


def host_called(name: str) -> Host:
    """Return a processor by its name.

    Raises:
        OptionError: If there is none of that name.
    """
    if name not in HOSTS:
        known = ", ".join(get_args(HostName))
        raise OptionError("host", f"no host {name!r}; expected one of: {known}")
    return HOSTS[name]
