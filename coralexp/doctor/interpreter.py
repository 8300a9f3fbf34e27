"""Python itself: old enough for TensorFlow's wheels, and new enough for coralexp."""

from __future__ import annotations

import importlib.metadata
import platform
import re
import sys
from pathlib import Path

from coralexp.doctor.finding import Finding
from coralexp.doctor.shown import shown

_OLDEST, _TOO_NEW = (3, 11), (3, 14)  # where the package's metadata do not tell


def check_python(version: str | None = None) -> Finding:
    """Return whether this Python can run coralexp.

    Args:
        version: Such as `3.11.14`; None takes that of this interpreter.
    """
    version = version or platform.python_version()
    oldest, too_new = _supported()
    number = tuple(int(part) for part in re.findall(r"\d+", version)[:2])
    found = f"{version}, {platform.system()} {platform.machine()}, {shown(Path(sys.prefix))}"
    if oldest <= number < too_new:
        return Finding("Python", "ok", found)
    last = f"{too_new[0]}.{too_new[1] - 1}"
    text = f"make a .venv with Python {oldest[0]}.{oldest[1]} to {last}: python{last} -m venv .venv"
    return Finding("Python", "missing", found, text)


def _supported() -> tuple[tuple[int, int], tuple[int, int]]:
    try:
        said = str(importlib.metadata.metadata("coralexp").json.get("requires_python") or "")
    except importlib.metadata.PackageNotFoundError:
        said = ""
    bounds = {sign: (int(a), int(b)) for sign, a, b in re.findall(r"(>=|<)(\d+)\.(\d+)", said)}
    return bounds.get(">=", _OLDEST), bounds.get("<", _TOO_NEW)
