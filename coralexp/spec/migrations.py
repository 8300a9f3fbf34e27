"""From the stored configurations of older versions to that of this one, a step a version.

Step `n` turns a configuration of schema `n + 1` into one of schema `n + 2`. A step is data about
the past: it names what an old text held and what that means today, and imports no part, for parts
go on changing. An option that a function has got since needs no step if it has a default.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from coralexp.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

Stored = dict[str, Any]

# Links as the first model of latency described them: fixed_ms, input_mb_per_s, stream_mb_per_s.
_FIRST_LINKS = {
    "dev_board": (0.56, 116.0, 376.0),
    "dev_board_mini": (0.56, 8.4, 40.0),
    "pcie": (0.56, 116.0, 387.0),
    "rpi3": (0.56, 18.0, 40.0),
    "rpi4": (0.56, 67.0, 270.0),
    "usb": (0.56, 163.0, 441.0),
    "usb2": (0.56, 18.0, 40.0),
}
# The same links as the model that replaced it does: fixed, input, output, stream, spread.
_SECOND_LINKS = {
    "dev_board": (0.246, 273.0, 14.0, 394.0, 1.0),
    "dev_board_mini": (1.0, 18.8, 8.0, 27.0, 1.3),
    "pcie": (0.1, 500.0, 61.9, 387.0, 2.0),
    "rpi3": (1.27, 34.9, 8.0, 36.1, 1.0),
    "rpi4": (0.637, 120.0, 25.0, 278.0, 1.0),
    "usb": (0.338, 380.0, 61.1, 476.0, 1.0),
    "usb2": (0.362, 35.9, 9.0, 34.0, 1.0),
}
_FIRST = ("fixed_ms", "input_mb_per_s", "stream_mb_per_s")
_SECOND = ("fixed_ms", "input_mb_per_s", "output_mb_per_s", "stream_mb_per_s", "spread")


def _describe_links_by_five_numbers(stored: Stored) -> Stored:
    """Give an Edge TPU's link the constants of the model that knows outputs, too.

    The first model's numbers mean something else to it, so a link is translated if it is that of
    its choice, unchanged; one that was changed by hand has no translation.
    """
    device = stored.get("device")
    if not isinstance(device, dict) or not isinstance(device.get("options"), dict):
        return stored
    options = device["options"]
    if device.get("target") != "coralexp.devices.edge_tpu.plan" or "output_mb_per_s" in options:
        return stored
    choice = device.get("choice")
    if choice not in _FIRST_LINKS or _numbers(options) != _FIRST_LINKS[choice]:
        raise ConfigError(
            [
                Problem(
                    "device",
                    "its link was described for the first model of latency and changed by hand; "
                    "write device=usb, or another choice, behind the command",
                )
            ]
        )
    now = dict(zip(_SECOND, _SECOND_LINKS[choice], strict=True))
    return {**stored, "device": {**device, "options": {**options, **now}}}


def _numbers(options: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(options.get(name) for name in _FIRST)


STEPS: Sequence[Callable[[Stored], Stored]] = (_describe_links_by_five_numbers,)
SCHEMA = len(STEPS) + 1


def migrate(stored: Mapping[str, Any], chosen_anew: frozenset[str] = frozenset()) -> Stored:
    """Return a stored configuration as this version writes it.

    Args:
        stored: Of this schema or an older one. It is not changed.
        chosen_anew: Groups whose choice is replaced, so that what is stored of them is of no
            account.

    Raises:
        ConfigError: If it has no schema, one of a later version, or no translation.
    """
    number = stored.get("schema")
    if type(number) is not int or not 1 <= number <= SCHEMA:
        raise ConfigError([Problem("schema", _unknown(number))])
    now = {key: value for key, value in stored.items() if key not in chosen_anew}
    for step in STEPS[number - 1 :]:
        now = step(now)
    kept = {key: now.get(key, value) for key, value in stored.items()}
    return {**kept, "schema": SCHEMA}


def _unknown(number: Any) -> str:
    expected = f"expected a whole number from 1 to {SCHEMA}"
    if number is None:
        return f"{expected}, got none: this is no stored configuration"
    if type(number) is int and number > SCHEMA:
        return f"{expected}, got a later one: update coralexp to read it"
    return f"{expected}: not a configuration of this version"
