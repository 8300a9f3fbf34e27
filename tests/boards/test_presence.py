"""Another device is never measured in the name of the chosen one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.boards.local import HERE
from coralexp.boards.presence import Wanted, board_of, find_here, judge

if TYPE_CHECKING:
    from pathlib import Path

USB3 = Wanted("this computer", is_this_computer=True, interface="usb3", edge_tpu=True)
PI = Wanted(
    "Raspberry Pi 4, 4 x Cortex-A72", is_this_computer=False, interface="usb3", edge_tpu=True
)


def seen(*interfaces: str, model: str = "", refused: str | None = None) -> dict[str, object]:
    devices = [{"name": f"usb:{n}", "interface": i} for n, i in enumerate(interfaces)]
    runtime = "ai-edge-litert 2.3.0"
    return {"host": {"model": model}, "devices": devices, "runtime": runtime, "refused": refused}


def test_the_chosen_device_is_there() -> None:
    found = judge(USB3, seen("usb3"), HERE)

    assert found.there
    assert found.what == "this machine, ai-edge-litert 2.3.0, usb:0 (usb3)"
    assert found.device is None


def test_of_several_the_one_on_the_right_bus_is_named() -> None:
    assert judge(USB3, seen("usb2", "usb3"), HERE).device == "usb:1"


def test_one_on_another_bus_is_another_device() -> None:
    found = judge(USB3, seen("usb2"), HERE)

    assert not found.there
    assert found.reason == "this machine has usb:0 (usb2); the chosen device is one on usb3"


@pytest.mark.parametrize(
    ("model", "says"),
    [
        ("", "this machine is no Raspberry Pi 4; the chosen device is a Raspberry Pi 4"),
        (
            "Raspberry Pi 3 Model B Rev 1.2",
            "this machine is a Raspberry Pi 3; the chosen device is a Raspberry Pi 4",
        ),
    ],
)
def test_one_on_another_board_is_another_device(model: str, says: str) -> None:
    assert judge(PI, seen("usb3", model=model), HERE).reason == says


def test_a_board_is_itself() -> None:
    assert judge(PI, seen("usb3", model="Raspberry Pi 4 Model B Rev 1.4"), HERE).there


def test_a_board_elsewhere_that_does_not_tell_what_it_is_is_believed() -> None:
    found = judge(PI, seen("usb3"), "pi@board")

    assert found.there
    assert "pi@board, not known to be a Raspberry Pi 4" in found.what
    assert not judge(PI, seen("usb3", model="NVIDIA Jetson Nano"), "pi@board").there


def test_a_device_that_refuses_is_not_there_and_says_why() -> None:
    assert judge(USB3, seen("usb3", refused="no permission"), HERE).reason.endswith("no permission")


def test_boards_are_known_by_their_device_tree() -> None:
    assert board_of("Freescale i.MX8MQ Phanbell") == "Dev Board"
    assert board_of("Google Coral Dev Board Mini") == "Dev Board Mini"
    assert not board_of("Raspberry Pi 5 Model B Rev 1.0")


def test_where_no_bus_tells_of_one_nothing_is_started(tmp_path: Path) -> None:
    found = find_here(USB3, None, str(tmp_path / "no interpreter"), tmp_path)

    assert (found.there, found.reason) == (False, "")
