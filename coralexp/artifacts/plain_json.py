"""JSON from elsewhere: of bounded size, without names given twice and without what is no number."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from coralexp.artifacts.record import Json

MAX_BYTES = 16_000_000
_DEEPEST = 60  # far more than any file of ours, far less than what Python's stack holds
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069]")


def load_object(content: bytes, most_bytes: int = MAX_BYTES) -> dict[str, Json]:
    """Return the object that a text holds.

    Args:
        content: UTF-8.
        most_bytes: Longest text that is looked at.

    Raises:
        ValueError: If it is no such object; the text says why.
    """
    if len(content) > most_bytes:
        raise ValueError(f"it is larger than {most_bytes} bytes")
    try:
        text = content.decode("utf-8")
        found = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse, parse_float=_real)
    except RecursionError as error:
        raise ValueError("it is nested too deeply") from error
    if not isinstance(found, dict):
        raise ValueError("it holds no JSON object")
    if _is_deeper(found, _DEEPEST):
        raise ValueError("it is nested too deeply")
    return found


def without_control_characters(value: Json) -> Json:
    """Return a value with a question mark in the place of what a terminal would obey."""
    if isinstance(value, dict):
        return {
            _CONTROL.sub("?", name): without_control_characters(inner)
            for name, inner in value.items()
        }
    if isinstance(value, list):
        return [without_control_characters(inner) for inner in value]
    return _CONTROL.sub("?", value) if isinstance(value, str) else value


def holds_control_characters(value: Json) -> bool:
    """Return whether any text in a value would be obeyed by a terminal."""
    if isinstance(value, dict):
        return any(
            _CONTROL.search(name) or holds_control_characters(inner)
            for name, inner in value.items()
        )
    if isinstance(value, list):
        return any(map(holds_control_characters, value))
    return isinstance(value, str) and _CONTROL.search(value) is not None


def _once(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("it gives a name twice")
    return found


def _refuse(word: str) -> NoReturn:
    raise ValueError(f"it holds {word}, which is no number")


def _real(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"it holds {text[:20]}, which is too large")
    return value


def _is_deeper(value: Json, levels: int) -> bool:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return levels < 0 or any(_is_deeper(one, levels - 1) for one in inner)
