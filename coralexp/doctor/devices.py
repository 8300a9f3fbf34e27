"""Edge TPUs at this machine, and whether this user may open them."""

from __future__ import annotations

from pathlib import Path

from coralexp.boards.agent.facts import Facts, find_edge_tpus, read
from coralexp.doctor.finding import Finding, Mark, absent
from coralexp.doctor.permissions import User, may_open, udev_command

_NAME = "Edge TPU"
_NONE = "none is attached (USB 1a6e:089a or 18d1:9302, /dev/apex_*)"
_PCI = ("0x1ac1", "0x089a")  # vendor and device; coral.ai/docs/m2/get-started


def check_devices(
    *, needed: bool = False, root: Path = Path("/"), user: User | None = None
) -> Finding:
    """Return which Edge TPUs are here.

    Args:
        needed: Whether a job measures on one or fails.
        root: Where `sys` and `dev` are.
        user: Who is to open them; None is the one of this process.
    """
    found = find_edge_tpus(str(root / "sys"))
    bad: Mark = "missing" if needed else "note"
    if not found and _is_on_pci(root):
        text = (
            "install the driver: gasket-dkms of Coral's archive, with the headers of this kernel"
            " (of Debian 12 and later a patched build), then sudo modprobe apex"
        )
        return Finding(_NAME, bad, "on PCIe, but its driver is not loaded: no /dev/apex_0", text)
    if not found:
        text = "plug one in; behind a hub it needs one with power of its own"
        return absent(_NAME, _NONE, text if needed else "", needed=needed)
    told = ", ".join(f"{device['name']} ({_where(device)})" for device in found)
    for device in found:
        node = _node(device, root)
        where = "/" + node.relative_to(root).as_posix()
        try:
            facts = node.stat()
        except OSError:
            text = (
                "give the container its devices: docker run --device /dev/bus/usb (or /dev/apex_0)"
            )
            return Finding(_NAME, bad, f"{told}; there is no {where}", text)
        if not may_open(facts, user or User()):
            text = udev_command(str(device["interface"]))
            return Finding(_NAME, bad, f"{told}; this user may not open {where}", text)
    if any(device["interface"] == "usb2" for device in found):
        text = "plug it into a USB 3 port, with a cable for USB 3; or choose device=usb2"
        return Finding(_NAME, "note", f"{told}, on USB 2: slower", text)
    return Finding(_NAME, "ok", told)


def _where(device: Facts) -> str:
    identity = f" {device['id']}" if "id" in device else ""
    return f"{device['interface']}{identity} at {device['place']}"


def _node(device: Facts, root: Path) -> Path:
    place = str(device["place"])
    if device["interface"] == "pcie":
        return root / "dev" / place
    bus = root / "sys/bus/usb/devices" / place
    numbers = [read(bus / name).zfill(3) for name in ("busnum", "devnum")]
    return (root / "dev/bus/usb").joinpath(*numbers)


def _is_on_pci(root: Path) -> bool:
    return any(
        (read(path / "vendor"), read(path / "device")) == _PCI
        for path in (root / "sys/bus/pci/devices").glob("*")
    )
