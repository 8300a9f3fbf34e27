"""Devices are data: every YAML of the group gives a device that makes sense."""

from __future__ import annotations

from pathlib import Path

import pytest

from coralexp.devices import cpu, edge_tpu
from coralexp.devices.contract import Device
from coralexp.devices.hosts import host_called
from coralexp.errors import ConfigError, OptionError
from coralexp.spec.compose import parse
from coralexp.spec.part import bind

CHOICES = sorted(
    path.stem for path in (Path(__file__).resolve().parents[2] / "conf" / "device").glob("*.yaml")
)
ON_USB = {"usb", "usb2", "usb_mac", "rpi4", "rpi3", "dev_board_mini", "jetson_nano"}
LINK = {
    "fixed_ms": 0.5,
    "input_mb_per_s": 100.0,
    "output_mb_per_s": 50.0,
    "stream_mb_per_s": 400.0,
    "throttles": True,
}


def device(*args: str) -> Device:
    (experiment,) = parse(args).experiments
    made: Device = bind(experiment["device"])()
    return made


def test_the_devices_are_those_that_are_promised() -> None:
    promised = {*ON_USB, "pcie", "dev_board", "cpu"}

    assert set(CHOICES) == promised


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_a_device(choice: str) -> None:
    made = device(f"device={choice}")

    assert isinstance(made, Device)
    assert 0 < made.host.speed <= 1
    assert (made.edge_tpu is None) == (choice == "cpu") == (made.compilation is None)


@pytest.mark.parametrize("choice", sorted({*CHOICES} - {"cpu"}))
def test_the_standard_runtime_halves_the_clock_on_usb_alone(choice: str) -> None:
    clocks = [device(f"device={choice}", f"device.clock={clock}") for clock in ("max", "std")]

    assert [made.edge_tpu.clock_mhz for made in clocks if made.edge_tpu is not None] == [
        500.0,
        250.0 if choice in ON_USB else 500.0,
    ]


@pytest.mark.parametrize("choice", ["dev_board", "dev_board_mini", "rpi4", "rpi3"])
def test_a_board_is_beside_its_own_slower_processor(choice: str) -> None:
    made = device(f"device={choice}")

    assert made.host == host_called(choice)
    assert made.host.speed < 0.5
    assert not made.host.is_this_computer


def test_a_chip_may_be_beside_another_processor() -> None:
    assert device("device=usb", "device.host=rpi4").host == host_called("rpi4")
    assert device("device=cpu", "device.host=rpi3").host == host_called("rpi3")
    assert device("device=cpu").host.is_this_computer


def test_wrong_names_are_refused_with_their_key() -> None:
    with pytest.raises(ConfigError, match=r"device\.host") as caught:
        parse(["device=usb", "device.host=rpi5", "device.clock=fast"])

    assert {problem.key for problem in caught.value.problems} == {"device.host", "device.clock"}


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("input_mb_per_s", 0.0),
        ("output_mb_per_s", float("inf")),
        ("stream_mb_per_s", -1.0),
        ("spread", 0.5),
        ("fixed_ms", -0.1),
        ("fixed_ms", float("nan")),
    ],
)
def test_impossible_times_and_rates_are_refused(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"{option}: must be") as caught:
        edge_tpu.plan(**{**LINK, option: value})

    assert caught.value.option == option


def test_what_the_compiler_cannot_be_asked_for_is_refused_with_its_option() -> None:
    for option, value in (("num_segments", 0), ("min_runtime", 9), ("compile_timeout_s", 0)):
        with pytest.raises(OptionError, match="expected") as caught:
            edge_tpu.plan(**{**LINK, option: value})

        assert caught.value.option == option


def test_an_unknown_host_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(OptionError, match=r"no host 'rpi5'; expected one of: desktop, dev_board"):
        host_called("rpi5")
    with pytest.raises(OptionError, match="no host"):
        cpu.plan(host="rpi5")
