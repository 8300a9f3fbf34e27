"""Devices as one word each: `usb`, or with options behind commas, `dev_board,clock=std`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.errors import ConfigError, OptionError, Problem
from coralexp.spec.compose import configuration_folders, parse
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.devices.contract import Device

_GROUP = "device"


def devices_called(
    names: Sequence[str] | None, config_folders: Sequence[Path] = ()
) -> Mapping[str, Device]:
    """Return devices by the words that name them.

    Args:
        names: Each a choice of the group `device`, with options; every choice that has an Edge TPU
            if None.
        config_folders: Folders of YAML files that are searched first.

    Raises:
        ConfigError: If a device is not known, or refuses an option; with everything that is wrong.
    """
    folders = [f"--config-dir={folder}" for folder in config_folders]
    if names is None:
        every = configuration_folders(folders).choices(_GROUP)
        found = {name: _device([f"{_GROUP}={name}"], folders) for name in every}
        return {name: device for name, device in found.items() if device.edge_tpu is not None}
    devices: dict[str, Device] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            devices[name] = _device(_overrides(name), folders)
        except ConfigError as error:
            problems += [Problem(p.key, f"{p.text} (in --device {name})") for p in error.problems]
    if problems:
        raise ConfigError(problems)
    return devices


def _overrides(name: str) -> list[str]:
    """Return a device's word as the command line would have it: a choice, and its options.

    Raises:
        ConfigError: If an option is not written `option=value`.
    """
    choice, *options = name.split(",")
    wrong = [option for option in options if not option.partition("=")[1]]
    if wrong:
        text = f"{wrong[0]!r} is no option; expected option=value, or a --device of its own"
        raise ConfigError([Problem(_GROUP, text)])
    return [f"{_GROUP}={choice}", *(f"{_GROUP}.{option}" for option in options)]


def _device(overrides: Sequence[str], folders: Sequence[str]) -> Device:
    request = parse([*overrides, *folders])
    if request.is_sweep:
        raise ConfigError([Problem(_GROUP, "expected one value for each option, not a sweep")])
    part = request.experiments[0][_GROUP]
    try:
        device: Device = bind(part, request.machine.plugins)()
    except OptionError as error:
        raise ConfigError([Problem(f"{_GROUP}.{error.option}", error.text)]) from error
    return device
