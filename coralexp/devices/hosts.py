"""The processors beside the chip; their speeds are fitted, see `edgetpu/latency/constants.json`."""

from __future__ import annotations

from typing import Literal, get_args

from coralexp.edgetpu.latency.constants import fitted
from coralexp.edgetpu.latency.platform import Host
from coralexp.errors import OptionError

HostName = Literal["desktop", "dev_board", "dev_board_mini", "rpi4", "rpi3", "jetson_nano"]

# What people call it, and the processor whose speed was fitted.
_HOSTS = {
    "desktop": ("this computer", "desktop"),
    "dev_board": ("Dev Board, 4 x Cortex-A53", "dev_board"),
    # Nothing is published for the Mini: the Dev Board's Cortex-A53 stands for its Cortex-A35.
    "dev_board_mini": ("Dev Board Mini, 4 x Cortex-A35", "dev_board"),
    "rpi4": ("Raspberry Pi 4, 4 x Cortex-A72", "rpi4"),
    "rpi3": ("Raspberry Pi 3, 4 x Cortex-A53", "rpi3"),
    # Nor for the Nano: the Raspberry Pi's Cortex-A72 stands for its Cortex-A57.
    "jetson_nano": ("Jetson Nano, 4 x Cortex-A57", "rpi4"),
}


def host_called(name: str) -> Host:
    """Return a processor by its name.

    Raises:
        OptionError: If there is none of that name.
    """
    if name not in _HOSTS:
        known = ", ".join(get_args(HostName))
        raise OptionError("host", f"no host {name!r}; expected one of: {known}")
    title, processor = _HOSTS[name]
    return Host(title, fitted().hosts[processor], is_this_computer=name == "desktop")
