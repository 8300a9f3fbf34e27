"""Whether a user may open a device file, by its owner, its group and its mode."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field

# As libedgetpu's own packages have them: the ids before and after the first use, and the driver.
UDEV_RULES = (
    'SUBSYSTEM=="usb",ATTRS{idVendor}=="1a6e",ATTRS{idProduct}=="089a",GROUP="plugdev",MODE="0660"',
    'SUBSYSTEM=="usb",ATTRS{idVendor}=="18d1",ATTRS{idProduct}=="9302",GROUP="plugdev",MODE="0660"',
    'SUBSYSTEM=="apex",GROUP="apex",MODE="0660"',
)
_FILE = "/etc/udev/rules.d/60-edgetpu.rules"


@dataclass(frozen=True)
class User:
    """Who asks.

    Attributes:
        number: Of the user.
        groups: Numbers of its groups.
    """

    number: int = field(default_factory=os.geteuid)
    groups: tuple[int, ...] = field(default_factory=lambda: (os.getegid(), *os.getgroups()))


def may_open(facts: os.stat_result, user: User) -> bool:
    """Return whether a user may read and write a file."""
    if user.number == 0:
        return True
    if user.number == facts.st_uid:
        wanted = stat.S_IRUSR | stat.S_IWUSR
    elif facts.st_gid in user.groups:
        wanted = stat.S_IRGRP | stat.S_IWGRP
    else:
        wanted = stat.S_IROTH | stat.S_IWOTH
    return facts.st_mode & wanted == wanted


def udev_command(interface: str) -> str:
    """Return the line that lets the members of a group open Edge TPUs of an interface.

    Args:
        interface: `pcie`, or one of USB's.
    """
    is_pcie = interface == "pcie"
    rules = UDEV_RULES[2:] if is_pcie else UDEV_RULES[:2]
    group = "apex" if is_pcie else "plugdev"
    words = " ".join(f"'{rule}'" for rule in rules)
    return (
        f"printf '%s\\n' {words} | sudo tee -a {_FILE} && sudo groupadd -f {group} &&"
        f" sudo usermod -aG {group} $USER && sudo udevadm control --reload-rules &&"
        " sudo udevadm trigger; then replug it and log in again"
    )
