"""What the user wrote behind the command: `key=value`, read with Hydra's grammar."""

from __future__ import annotations

import itertools
import os
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coralexp.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from hydra.core.override_parser.types import Override, RangeSweep

_FORM = re.compile(r"(?P<sign>~|\+\+|\+)?(?P<key>[^=\s]+)=(?P<value>.*)", re.DOTALL)
MAX_VALUES = 10_000  # of one sweep; beyond it, a slip of the pen: range(0,1000000)


@dataclass(frozen=True)
class Setting:
    """One value for one key.

    Attributes:
        key: Dotted path, such as `backbone.width`; a group's name sets its choice.
        value: What Hydra's grammar makes of it: plain values, lists and mappings.
        text: The value as it was written.
        removes: Whether the key is taken away instead.
        quoted: Whether quotes said that it is text.
    """

    key: str
    value: Any
    text: str
    removes: bool = False
    quoted: bool = False

    def __str__(self) -> str:
        """Return it as an override."""
        return f"~{self.key}" if self.removes else f"{self.key}={self.text}"


@dataclass(frozen=True)
class Dimension:
    """Everything that one key takes in turn.

    Attributes:
        key: Dotted path.
        settings: One for each value, at least one.
        is_sweep: Whether it was written as a sweep, be it over one value.
    """

    key: str
    settings: tuple[Setting, ...]
    is_sweep: bool


def read_overrides(
    args: Iterable[str], choices: Callable[[str], Sequence[str]]
) -> tuple[list[Dimension], list[Problem]]:
    """Read override strings.

    Args:
        args: Such as `quant=ptq,qat`.
        choices: Gives the choices of a group, for `glob(*)`; none for what is no group.

    Returns:
        A dimension for each key, the last one written winning, in the place of the first; and what
        could not be read.
    """
    dimensions: dict[tuple[str, bool], Dimension] = {}
    problems: list[Problem] = []
    for arg in args:
        read = _read(arg, choices)
        if isinstance(read, Problem):
            problems.append(read)
        else:
            merges = isinstance(read.settings[0].value, dict)
            dimensions[read.key, merges] = read
    return list(dimensions.values()), problems


def _read(arg: str, choices: Callable[[str], Sequence[str]]) -> Dimension | Problem:
    from hydra.core.override_parser.overrides_parser import OverridesParser
    from hydra.errors import HydraException

    form = _FORM.fullmatch(arg)
    if form is None and not arg.startswith("~"):
        return Problem("", f"{arg!r} is no setting; expected key=value")
    key, written = (form["key"], form["value"]) if form else (arg[1:], "")
    path = _existing_path(key, written) if form and form["sign"] != "~" else None
    try:
        override = OverridesParser.create().parse_override(arg)
        if path is not None and _is_misread(override, written):
            return _alone(Setting(key, path, _in_quotes(path), quoted=True))
        return _refusal(override) or _dimension(override, written, choices)
    except (HydraException, ValueError, TypeError) as error:  # its functions raise all three
        if path is not None:
            return _alone(Setting(key, path, _in_quotes(path), quoted=True))
        return Problem(key, _unreadable(key, written, str(error)))


def _unreadable(key: str, written: str, reason: str) -> str:
    reason = " ".join(reason.partition(" expecting ")[0].replace("'<EOF>'", "end").split())
    text = f"{written!r} cannot be read ({reason})"
    if "evaluating" in reason or not written:
        return text
    plain = "..." if {"'", '"'} & set(written) else written
    return f"{text}; to mean plain text, write '{key}=\"{plain}\"' with both kinds of quotes"


def _refusal(override: Override) -> Problem | None:
    key = override.key_or_group
    if override.package is not None:
        return Problem(key, "a choice cannot be put under another name; leave '@...' out")
    if override.is_hydra_override() or key == "hydra":
        hint = "use --config-dir DIR for more YAML files" if "searchpath" in key else "leave it out"
        return Problem(key, f"Hydra's own settings have no effect here; {hint}")
    return None


def _dimension(
    override: Override, written: str, choices: Callable[[str], Sequence[str]]
) -> Dimension | Problem:
    key = override.key_or_group
    if override.is_delete():
        return _alone(Setting(key, None, "", removes=True))
    if override.is_sweep_override():
        return _sweep(override, choices)
    quoted = written.startswith(("'", '"'))
    return _alone(Setting(key, override.value(), override.get_value_string(), quoted=quoted))


def _sweep(override: Override, choices: Callable[[str], Sequence[str]]) -> Dimension | Problem:
    from hydra.core.override_parser.types import (
        Glob,
        QuotedString,
        RangeSweep,
        Transformer,
        ValueType,
    )

    key = override.key_or_group
    if override.value_type is ValueType.INTERVAL_SWEEP:
        return Problem(key, "an interval has no end of values; write range() or choice()")
    sweep = override.value()
    if isinstance(sweep, Glob):
        elements: list[Any] = sweep.filter(list(choices(key)))
    elif isinstance(sweep, RangeSweep) and _is_fractional(sweep):
        elements = list(itertools.islice(_decimals(sweep), MAX_VALUES + 1))
    else:
        values = override.sweep_iterator(transformer=Transformer.identity)
        elements = list(itertools.islice(values, MAX_VALUES + 1))
    if not elements:
        return Problem(key, f"{override.get_value_string()!r} gives no value")
    if len(elements) > MAX_VALUES:
        return Problem(key, f"gives more than {MAX_VALUES} values")
    settings = tuple(
        Setting(key, _plain(item), Transformer.str(item), quoted=isinstance(item, QuotedString))
        for item in elements
    )
    return Dimension(key, settings, is_sweep=True)


def _is_fractional(sweep: RangeSweep) -> bool:
    return not isinstance(sweep.range(), range) and not sweep.shuffle


def _decimals(sweep: RangeSweep) -> Iterator[float]:
    """Yield what `range(0.1,0.4,0.1)` means; Hydra adds binary fractions up and gives a fourth."""
    start, stop, step = (Decimal(repr(value)) for value in (sweep.start, sweep.stop, sweep.step))
    if not step:
        raise ValueError("the step is 0")
    while (stop - start) * step > 0:
        yield float(start)
        start += step


def _alone(setting: Setting) -> Dimension:
    return Dimension(setting.key, (setting,), is_sweep=False)


def _plain(element: Any) -> Any:
    from hydra.core.override_parser.types import QuotedString

    if isinstance(element, QuotedString):
        return element.text
    if isinstance(element, list):
        return [_plain(item) for item in element]
    if isinstance(element, dict):
        return {_plain(key): _plain(item) for key, item in element.items()}
    return element


def _existing_path(key: str, written: str) -> str | None:
    """Return the value if it is a file or folder: `/data/a,b` is then one path and no sweep."""
    if "." not in key and key != "store":  # a group takes names, not paths
        return None
    path = str(Path(written).expanduser()) if written.startswith("~/") else written
    return path if written and os.path.lexists(path) else None


def _is_misread(override: Override, written: str) -> bool:
    """Return whether the grammar made something else of a path than the path."""
    if override.is_sweep_override():
        return True
    value = override.value()
    return value != written and not isinstance(value, bool | int | float | None)


def _in_quotes(text: str) -> str:
    from hydra.core.override_parser.types import Quote, QuotedString

    return QuotedString(text, Quote.single).with_quotes()
