"""Edge TPUs and who may open them, in trees as a system shows them; GPUs likewise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.doctor.devices import check_devices
from coralexp.doctor.gpu import check_gpu
from coralexp.doctor.permissions import User

if TYPE_CHECKING:
    from pathlib import Path

STRANGER = User(number=54321, groups=(54321,))


def usb(*, fresh: bool = True, speed: str = "5000", node: bool = True) -> dict[str, str]:
    vendor, product = ("1a6e", "089a") if fresh else ("18d1", "9302")
    facts = {"idVendor": vendor, "idProduct": product, "speed": speed, "busnum": "2", "devnum": "7"}
    files = {f"sys/bus/usb/devices/2-1/{name}": f"{text}\n" for name, text in facts.items()}
    return files | ({"dev/bus/usb/002/007": ""} if node else {})


def node_of(root: Path) -> Path:
    return root / "dev/bus/usb/002/007"


@pytest.mark.parametrize("fresh", [True, False])
def test_an_edge_tpu_is_found_before_and_after_its_first_use(tree, fresh: bool) -> None:
    found = check_devices(root=tree(usb(fresh=fresh)))

    assert found.mark == "ok"
    assert f"usb:0 (usb3 {'1a6e:089a' if fresh else '18d1:9302'} at 2-1)" in found.found


@pytest.mark.parametrize(("needed", "mark"), [(True, "missing"), (False, "absent")])
def test_no_edge_tpu_is_missing_only_where_one_is_needed(tree, needed, mark) -> None:
    assert check_devices(needed=needed, root=tree({})).mark == mark


def test_a_device_that_this_user_may_not_open_comes_with_the_udev_rule(tree) -> None:
    root = tree(usb())
    node_of(root).chmod(0o664)

    found = check_devices(needed=True, root=root, user=STRANGER)

    assert found.mark == "missing"
    assert "may not open /dev/bus/usb/002/007" in found.found
    assert 'ATTRS{idVendor}=="1a6e",ATTRS{idProduct}=="089a"' in found.remedy
    assert 'ATTRS{idVendor}=="18d1",ATTRS{idProduct}=="9302"' in found.remedy
    assert "usermod -aG plugdev" in found.remedy


def test_a_group_that_may_open_it_is_enough(tree) -> None:
    root = tree(usb())
    node_of(root).chmod(0o660)
    group = node_of(root).stat().st_gid

    assert check_devices(root=root, user=User(54321, (54321, group))).mark == "ok"


def test_a_container_without_the_device_file_is_told(tree) -> None:
    found = check_devices(root=tree(usb(node=False)))

    assert found.mark == "note"
    assert "there is no /dev/bus/usb/002/007" in found.found
    assert "--device" in found.remedy


def test_usb_2_is_told(tree) -> None:
    found = check_devices(root=tree(usb(speed="480")))

    assert found.mark == "note"
    assert "USB 2" in found.found


def test_a_pcie_card_without_its_driver_is_told(tree) -> None:
    card = "sys/bus/pci/devices/0000:01:00.0"

    found = check_devices(root=tree({f"{card}/vendor": "0x1ac1\n", f"{card}/device": "0x089a\n"}))

    assert found.mark == "note"
    assert "gasket-dkms" in found.remedy


def test_a_pcie_card_has_a_rule_of_its_own(tree) -> None:
    root = tree({"sys/class/apex/apex_0/temp": "40000", "dev/apex_0": ""})
    (root / "dev/apex_0").chmod(0o600)

    found = check_devices(root=root, user=STRANGER)

    assert "may not open /dev/apex_0" in found.found
    assert 'SUBSYSTEM=="apex"' in found.remedy


def test_a_gpu_without_cudas_libraries_is_told(tree, packages) -> None:
    files = {
        "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA T4\nIRQ: 1\n",
        "proc/driver/nvidia/version": "NVRM version: NVIDIA UNIX x86_64 Kernel Module  550.54.15",
        "dev/nvidia0": "",
    }

    found = check_gpu(tree(files), packages({"tensorflow": "2.21.0"}))

    assert found.mark == "note"
    assert found.found.startswith("NVIDIA T4, driver 550.54.15")
    assert "tensorflow[and-cuda]==2.21.0" in found.remedy
    assert check_gpu(tree(files), packages({"nvidia-cudnn-cu12": "9.3"})).mark == "ok"


def test_no_gpu_is_no_failure(tree) -> None:
    assert check_gpu(tree({})).mark == "absent"
