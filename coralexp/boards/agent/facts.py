"""What this machine is: its Edge TPUs, its processor, how hot it is. Read from files alone."""

from __future__ import annotations

import os
import platform
from pathlib import Path
from typing import Dict, Union

Fact = Union[None, bool, int, float, str]
Facts = Dict[str, Fact]

SYS = "/sys"
# Bus ids of the Edge TPU before and after its first use: libedgetpu loads its firmware then.
USB_IDS = ("1a6e:089a", "18d1:9302")
_LINKS = {"480": "usb2", "5000": "usb3", "10000": "usb3", "20000": "usb3"}  # Mbit/s
_TRIPS = 3  # temperatures at each of which the PCIe driver halves the clock
_MILLI = 1000.0
_UNDER_NOW = 0xF  # under-voltage and throttling now; higher bits remember the past


def read(path: Path) -> str:
    """Return the text of a small file without its end; empty if it cannot be read."""
    try:
        return path.read_text(encoding="utf-8", errors="replace").strip(" \n\0")
    except OSError:
        return ""


def find_edge_tpus(sys_root: str = SYS) -> list[Facts]:
    """Return the Edge TPUs of this machine.

    Returns:
        Of each: `name` as libedgetpu takes it (`usb:0`, `pci:0`), `interface` (`usb3`, `usb2`,
        `usb` if the speed is not told, `pcie`), `place` (`2-1`, `apex_0`), on USB `id` and
        `speed_mbit_s`.
    """
    found: list[Facts] = []
    for path in sorted((Path(sys_root) / "bus/usb/devices").glob("*")):
        usb_id = f"{read(path / 'idVendor')}:{read(path / 'idProduct')}"
        if usb_id not in USB_IDS:
            continue
        speed = read(path / "speed")
        found.append(
            {
                "name": f"usb:{len(found)}",
                "interface": _LINKS.get(speed, "usb"),
                "place": path.name,
                "id": usb_id,
                "speed_mbit_s": float(speed) if speed else None,
            }
        )
    for number, path in enumerate(sorted((Path(sys_root) / "class/apex").glob("apex_*"))):
        found.append({"name": f"pci:{number}", "interface": "pcie", "place": path.name})
    return found


def host(sys_root: str = SYS) -> Facts:
    """Return what this machine is; None and empty text stand for what it does not tell."""
    lines = read(Path("/proc/cpuinfo")).splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    governor = Path(sys_root) / "devices/system/cpu/cpu0/cpufreq/scaling_governor"
    return {
        "name": platform.node(),
        "system": f"{platform.system()} {platform.release()}",
        "machine": platform.machine(),
        "model": read(Path(sys_root) / "firmware/devicetree/base/model"),
        "processor": names[0] if names else platform.processor(),
        "cores": os.cpu_count(),
        "governor": read(governor) or None,
    }


def heat(place: str, sys_root: str = SYS) -> Facts:
    """Return temperatures in degrees Celsius, and what is slowed down; None where nobody tells.

    `edgetpu_throttled` counts the temperatures of the PCIe driver that are reached: each halves the
    clock. A USB Accelerator tells neither.
    """
    apex = Path(sys_root) / "class/apex" / place
    chip = _whole(read(apex / "temp"))
    trips = [_whole(read(apex / f"trip_point{number}_temp")) for number in range(_TRIPS)]
    known = [trip for trip in trips if trip is not None]
    board = _whole(read(Path(sys_root) / "class/thermal/thermal_zone0/temp"))
    flags = read(Path(sys_root) / "devices/platform/soc/soc:firmware/get_throttled")
    return {
        "edgetpu_c": None if chip is None else chip / _MILLI,
        "edgetpu_throttled": sum(chip >= trip for trip in known) if chip and known else None,
        "board_c": None if board is None else board / _MILLI,
        "board_throttled": bool(int(flags, 16) & _UNDER_NOW) if flags else None,
    }


def _whole(text: str) -> int | None:
    return int(text) if text.lstrip("-").isdigit() else None
