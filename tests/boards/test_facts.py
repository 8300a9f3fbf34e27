"""What a machine is, read from a folder that is laid out as the system's own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.boards.agent.facts import find_edge_tpus, heat, host

if TYPE_CHECKING:
    from pathlib import Path


def write(root: Path, **files: str) -> None:
    root.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (root / name).write_text(f"{text}\n")


def usb(sys_root: Path, place: str, vendor: str, product: str, speed: str) -> None:
    folder = sys_root / "bus/usb/devices" / place
    write(folder, idVendor=vendor, idProduct=product, speed=speed)


@pytest.mark.parametrize(
    ("ids", "speed", "interface"),
    [
        (("1a6e", "089a"), "5000", "usb3"),
        (("18d1", "9302"), "5000", "usb3"),
        (("18d1", "9302"), "480", "usb2"),
    ],
)
def test_an_accelerator_is_found_before_and_after_its_first_use(
    tmp_path: Path, ids: tuple[str, str], speed: str, interface: str
) -> None:
    usb(tmp_path, "1-1", "1d6b", "0002", "480")
    usb(tmp_path, "2-1", *ids, speed)

    assert find_edge_tpus(str(tmp_path)) == [
        {
            "name": "usb:0",
            "interface": interface,
            "place": "2-1",
            "id": ":".join(ids),
            "speed_mbit_s": float(speed),
        }
    ]


def test_several_have_the_names_that_libedgetpu_gives_them(tmp_path: Path) -> None:
    usb(tmp_path, "2-1", "18d1", "9302", "5000")
    usb(tmp_path, "2-2", "1a6e", "089a", "5000")
    write(tmp_path / "class/apex/apex_0", temp="45000")

    assert [found["name"] for found in find_edge_tpus(str(tmp_path))] == ["usb:0", "usb:1", "pci:0"]


def test_a_machine_without_one_has_none(tmp_path: Path) -> None:
    usb(tmp_path, "1-1", "18d1", "4ee7", "480")  # a telephone of the same vendor

    assert find_edge_tpus(str(tmp_path)) == []


@pytest.mark.parametrize(("temp", "reached"), [("84799", 0), ("84800", 1), ("95000", 2)])
def test_heat_counts_the_temperatures_at_which_the_clock_is_halved(
    tmp_path: Path, temp: str, reached: int
) -> None:
    apex = tmp_path / "class/apex/apex_0"
    write(apex, temp=temp, trip_point0_temp="84800", trip_point1_temp="90000")
    write(apex, trip_point2_temp="97000")

    assert heat("apex_0", str(tmp_path)) == {
        "edgetpu_c": int(temp) / 1000,
        "edgetpu_throttled": reached,
        "board_c": None,
        "board_throttled": None,
    }


def test_a_raspberry_pi_says_whether_it_is_slowed_down(tmp_path: Path) -> None:
    write(tmp_path / "class/thermal/thermal_zone0", temp="61234")
    soc = tmp_path / "devices/platform/soc/soc:firmware"
    write(soc, get_throttled="50000")  # it was, and is not any more
    before = heat("2-1", str(tmp_path))
    write(soc, get_throttled="50005")

    assert before == {
        "edgetpu_c": None,
        "edgetpu_throttled": None,
        "board_c": 61.234,
        "board_throttled": False,
    }
    assert heat("2-1", str(tmp_path))["board_throttled"] is True


def test_a_board_tells_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "firmware/devicetree/base"
    folder.mkdir(parents=True)
    (folder / "model").write_bytes(b"Freescale i.MX8MQ Phanbell\0")

    assert host(str(tmp_path))["model"] == "Freescale i.MX8MQ Phanbell"
