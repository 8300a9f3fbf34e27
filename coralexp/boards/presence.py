"""Whether the device that was chosen is really there, and not another one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coralexp.boards.agent.facts import SYS, find_edge_tpus
from coralexp.boards.agent.measurement import CPU
from coralexp.boards.local import HERE, look_here
from coralexp.boards.order import MeasureOrder
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json

# What the device tree of a board says, and what the board is called here: the start of a host's
# name in `coralexp.devices.hosts`. The Mini stands before the board whose name it contains.
_BOARDS = (
    ("coral dev board mini", "Dev Board Mini"),
    ("excelsior", "Dev Board Mini"),
    ("phanbell", "Dev Board"),
    ("raspberry pi 4", "Raspberry Pi 4"),
    ("raspberry pi 3", "Raspberry Pi 3"),
    ("jetson nano", "Jetson Nano"),
)


@dataclass(frozen=True)
class Wanted:
    """What a choice of the group `device` stands for.

    Attributes:
        host: Name of its processor, such as `Raspberry Pi 4, 4 x Cortex-A72`.
        is_this_computer: Whether that stands for whatever computer measures.
        interface: `usb3`, `usb2` or `pcie`; None if it has no Edge TPU or says nothing.
        edge_tpu: Whether it has one.
    """

    host: str
    is_this_computer: bool
    interface: str | None
    edge_tpu: bool


@dataclass(frozen=True)
class Found:
    """Whether it is there.

    Attributes:
        there: It is.
        what: Which it is, in words that stay the same from day to day; empty if it is not there.
        device: As libedgetpu calls it; None for any.
        reason: Why it is not there, a sentence; empty if there was nothing to look at.
        hosts: Boards that have it, by address; empty if it is at this machine.
        aside: Of the boards that were named and do not have it: why, a sentence each.
    """

    there: bool
    what: str = ""
    device: str | None = None
    reason: str = ""
    hosts: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()


def find_here(
    wanted: Wanted, delegate: str | None, python: str | None, sys_root: Path = Path(SYS)
) -> Found:
    """Look for the chosen device at this machine.

    Loads the delegate, in another process, only if a bus tells of an Edge TPU or a delegate is
    named. Asked again, it answers as before.

    Args:
        wanted: The choice.
        delegate: libedgetpu; None takes the one that the system finds.
        python: Interpreter of the agent; None takes this one.
        sys_root: Where the system tells of its devices.
    """
    if not find_edge_tpus(str(sys_root)) and delegate is None:
        return Found(there=False)
    try:
        seen = _seen(delegate, python, sys_root)
    except BoardError as error:
        return Found(there=False, reason=str(error))
    return judge(wanted, seen, HERE)


def judge(
    wanted: Wanted, seen: Mapping[str, Json], place: str, *, one_of_several: bool = False
) -> Found:
    """Return whether what an agent sees is the chosen device.

    Args:
        wanted: The choice.
        seen: Its answer to `--look`.
        place: Where that is, in words.
        one_of_several: Whether others may stand for it: then it is described by its kind, which two
            equal boards share, and not by its place.
    """
    board = board_of(str(cast("dict[str, Json]", seen["host"]).get("model") or ""))
    expected = "" if wanted.is_this_computer else wanted.host.partition(",")[0]
    if expected and board != expected and (board or place == HERE):
        is_named = f"is a {board}" if board else f"is no {expected}"
        return Found(there=False, reason=f"{place} {is_named}; the chosen device is a {expected}")
    devices = cast("list[dict[str, Json]]", seen["devices"])
    fitting = [d for d in devices if wanted.interface in (None, d.get("interface"))]
    if wanted.edge_tpu and devices and not fitting:
        there = _in_words(devices)
        text = f"{place} has {there}; the chosen device is one on {wanted.interface}"
        return Found(there=False, reason=text)
    if seen.get("refused"):
        return Found(there=False, reason=f"{place}: {seen['refused']}")
    unsure = f"not known to be a {expected}" if expected and not board else ""
    what = [word for word in (place, unsure, str(seen.get("runtime"))) if word]
    if one_of_several:
        what[0] = board or f"a board ({_processor(seen)})"
    if not wanted.edge_tpu:
        return Found(there=True, what=", ".join([*what, CPU]), device=CPU)
    device = None
    if len(devices) > 1:
        device = str(fitting[0]["name"])
    what.append(_in_words(fitting[:1]) if fitting else "an Edge TPU on an unknown bus")
    return Found(there=True, what=", ".join(what), device=device)


def board_of(model: str) -> str:
    """Return the board that a device tree names, such as `Dev Board`; empty if none of ours."""
    lower = model.lower()
    return next((name for sign, name in _BOARDS if sign in lower), "")


def _processor(seen: Mapping[str, Json]) -> str:
    """Return what a board that has no name of ours is, in words."""
    told = cast("dict[str, Json]", seen["host"])
    return (
        ", ".join(str(told[n]) for n in ("model", "processor", "machine") if told.get(n))
        or "unknown"
    )


def _in_words(devices: Sequence[Mapping[str, Json]]) -> str:
    return " and ".join(f"{device['name']} ({device['interface']})" for device in devices)


@cache
def _seen(delegate: str | None, python: str | None, sys_root: Path) -> Mapping[str, Json]:
    order = MeasureOrder(Path(), delegate=delegate, sys_root=sys_root, job="a look")
    return look_here(order.to_json("", None), python)
