"""What a function's docstring says of its arguments, in Google's style."""

from __future__ import annotations

import inspect
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_ENTRY = re.compile(r"(?P<name>\w+)(?: \([^)]*\))?: *(?P<text>.*)")


def summary(function: Callable[..., object]) -> str:
    """Return the first line of a docstring; empty if there is none."""
    return (inspect.getdoc(function) or "").partition("\n")[0]


def argument_texts(function: Callable[..., object]) -> dict[str, str]:
    """Return argument names to what the section `Args:` says of them, each in one line."""
    lines = (inspect.getdoc(function) or "").splitlines()
    if "Args:" not in lines:
        return {}
    texts: dict[str, str] = {}
    name = ""
    for line in lines[lines.index("Args:") + 1 :]:
        if line and not line.startswith(" "):
            break
        entry = _ENTRY.fullmatch(line.strip())
        is_entry = entry is not None and len(line) - len(line.lstrip()) == 4  # noqa: PLR2004 - indent
        if entry is not None and is_entry:
            name = entry["name"]
            texts[name] = entry["text"]
        elif name and line.strip():
            texts[name] = f"{texts[name]} {line.strip()}".strip()
    return texts
