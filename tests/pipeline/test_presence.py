"""A required device that is not there is a wrong request; a measurement has its own key."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stand_in import build

from coralexp.errors import ConfigError
from coralexp.pipeline.planner import Planner
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from pathlib import Path

COMPILER = '#!/bin/sh\necho "Edge TPU Compiler version 16.0.384591198"\n'


def measure_key(machine: Machine, *overrides: str) -> str:
    (experiment,) = parse(overrides).experiments
    planner = Planner(2, machine)
    planner.check_devices([experiment])
    return planner(experiment)[-1].key


@pytest.fixture
def compiler(tmp_path: Path) -> str:
    path = tmp_path / "edgetpu_compiler"
    path.write_text(COMPILER)
    path.chmod(0o755)
    return str(path)


def test_a_required_device_that_is_not_there_is_refused_before_any_job() -> None:
    with pytest.raises(ConfigError, match=r"device\.measure: required for rpi4, but no Edge TPU"):
        measure_key(Machine(), "device=rpi4", "device.measure=required")


def test_a_processor_of_another_board_is_not_there() -> None:
    with pytest.raises(ConfigError, match="this machine is no Raspberry Pi 4"):
        measure_key(Machine(), "device=cpu", "device.host=rpi4", "device.measure=required")
    assert measure_key(Machine(), "device=cpu", "device.measure=required")


def test_a_library_that_is_not_there_is_told(compiler: str) -> None:
    machine = Machine(compiler=compiler, delegate="/nowhere.so")

    with pytest.raises(ConfigError, match=r"required for usb, but this machine: .*nowhere\.so"):
        measure_key(machine, "device.measure=required")


@pytest.mark.toolchain
def test_a_measurement_is_another_artifact_than_an_estimate(compiler: str, tmp_path: Path) -> None:
    library = str(build(tmp_path))
    with_device = Machine(compiler=compiler, delegate=library)
    estimated = measure_key(Machine(compiler=compiler))

    assert measure_key(with_device) != estimated
    assert measure_key(with_device) == measure_key(with_device)
    other = Machine(compiler=compiler, delegate=str(build(tmp_path / "other")))
    assert measure_key(other) != measure_key(with_device)
    never = measure_key(with_device, "device.measure=never")
    assert never == measure_key(Machine(compiler=compiler), "device.measure=never")


@pytest.mark.toolchain
def test_without_a_compiler_there_is_nothing_to_measure(tmp_path: Path) -> None:
    machine = Machine(compiler="none", delegate=str(build(tmp_path)))

    with pytest.raises(ConfigError, match="no edgetpu_compiler is here, so there is no compiled"):
        measure_key(machine, "device.measure=required")
    assert measure_key(machine)


@pytest.mark.parametrize("option", ["delegate", "python", "host"])
def test_a_name_that_a_program_would_take_for_an_option_is_refused(option: str) -> None:
    with pytest.raises(ConfigError, match=rf"machine\.{option}: must not begin with '-'"):
        parse([f"machine.{option}=-oProxyCommand"])
