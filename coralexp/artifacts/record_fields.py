"""What may stand in each field of a run record: it may come from anywhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

RUN_ID = re.compile(r"\d{8}-\d{6}-[0-9a-z]{6}")
KEY = re.compile(r"[0-9a-z]{20}")
STAGE = re.compile(r"[a-z][a-z0-9_]{0,29}")
_NAME = re.compile(r"[A-Za-z0-9_][\w.:/ -]{0,249}")  # what MLflow takes as the name of a metric
_KINDS = ("run", "sweep")
_STATES = ("RUNNING", "FINISHED", "FAILED", "KILLED")
_LATEST_S = 1e11  # a thousand years from now: later ones have no date


def wrong_fields(fields: Mapping[str, object]) -> Iterator[str]:
    """Yield what is wrong with the fields of a record: each by its name; nothing if all is well.

    Args:
        fields: Names to values, as JSON has them, without `schema`.
    """
    for name in _NEEDED - fields.keys():
        yield f"{name!r} is missing"
    for name, value in fields.items():
        check = _CHECKS.get(name)
        if check is None:
            yield f"{name[:40]!r} is no field of it"
        elif not check(value):
            yield f"{name!r} holds {_shortened(value)}"


def is_run_id(value: object) -> bool:
    """Return whether a value is the id of a run or a sweep."""
    return isinstance(value, str) and RUN_ID.fullmatch(value) is not None


def is_key(value: object) -> bool:
    """Return whether a value may be the key of an entry."""
    return isinstance(value, str) and KEY.fullmatch(value) is not None


def is_stage(value: object) -> bool:
    """Return whether a value may be the name of a stage."""
    return isinstance(value, str) and STAGE.fullmatch(value) is not None


def is_real(value: object) -> bool:
    """Return whether a value is a number; `nan` is one here, and a choice of yes or no is not."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_duration(value: object) -> bool:
    """Return whether a value is a number of seconds that passed."""
    return is_real(value) and -_LATEST_S < value < _LATEST_S  # type: ignore[operator]


def is_count(value: object) -> bool:
    """Return whether a value is a whole number, 0 or above, that 64 bits hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 1 << 63


def or_none(check: Callable[[object], bool]) -> Callable[[object], bool]:
    """Return a check that lets None pass, too."""
    return lambda value: value is None or check(value)


def is_stage_record(value: object) -> bool:
    """Return whether a value describes one stage of a run."""
    return (
        isinstance(value, dict)
        and value.keys() - {"peak_memory_bytes"} == {"key", "seconds", "reused", "made_in_s"}
        and is_key(value["key"])
        and is_duration(value["seconds"])
        and isinstance(value["reused"], bool)
        and is_duration(value["made_in_s"])
        and or_none(is_count)(value.get("peak_memory_bytes"))
    )


def is_name(value: object) -> bool:
    """Return whether a value may name a metric or a tag: it is no path out of a folder, too."""
    return (
        isinstance(value, str)
        and _NAME.fullmatch(value) is not None
        and not any(part in {"", ".", ".."} for part in value.split("/"))
    )


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_moment(value: object) -> bool:
    return is_duration(value) and value >= 0  # type: ignore[operator]


def _list_of(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _table(
    name: Callable[[object], bool], check: Callable[[object], bool]
) -> Callable[[object], bool]:
    return lambda value: (
        isinstance(value, dict) and all(name(key) and check(held) for key, held in value.items())
    )


def _is_config(value: object) -> bool:
    return isinstance(value, dict) and all(
        "choice" not in part or isinstance(part["choice"], str)
        for part in value.values()
        if isinstance(part, dict)
    )


def _shortened(value: object) -> str:
    text = ascii(value)
    return text if len(text) <= 60 else f"{text[:57]}..."  # noqa: PLR2004 - places on a line


_NEEDED = {"id", "kind", "host", "pid", "pid_started", "started", "stages"}
_CHECKS: Mapping[str, Callable[[object], bool]] = {
    "id": is_run_id,
    "kind": lambda value: value in _KINDS,
    "host": _is_text,
    "pid": is_count,
    "pid_started": _is_moment,
    "started": _is_moment,
    "sweep": or_none(is_run_id),
    "number": is_count,
    "jobs": _list_of(is_run_id),
    "overrides": _list_of(_is_text),
    "config": _is_config,
    "stages": _table(is_stage, is_stage_record),
    "metrics": _table(is_name, is_real),
    "tags": _table(is_name, _is_text),
    "state": lambda value: value in _STATES,
    "booted": is_duration,
    "error": or_none(_is_text),
    "ended": or_none(_is_moment),
    "commit": or_none(_is_text),
    "environment": _table(_is_text, _is_text),
    "mlflow_uri": or_none(_is_text),
    "mlflow_run_id": or_none(_is_text),
    "logged": lambda value: isinstance(value, bool),
    "imported": or_none(_is_text),
}
