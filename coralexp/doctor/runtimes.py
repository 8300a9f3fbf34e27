"""The TFLite runtimes of the interpreter that measures."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.packages import PIP, distribution, search_path, version_of
from coralexp.doctor.pycoral import is_corals

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "TFLite runtimes"
RUNTIMES = ("ai-edge-litert", "tflite-runtime")  # in the order in which the agent takes them


def check_runtimes(
    python: str | None = None, installed: Mapping[str, str] | None = None
) -> Finding:
    """Return which runtimes can measure.

    Args:
        python: `machine.python`; None is this interpreter.
        installed: Names to versions; None looks.
    """
    try:
        found = installed if installed is not None else runtimes_of(python)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        text = "machine.python=PATH names an interpreter, such as /usr/bin/python3.9"
        return Finding(_NAME, "missing", f"machine.python={python}: {_words(error)}", text)
    place = f" in {python}" if python else ""
    told = ", ".join(f"{name} {version}" for name, version in found.items() if name in RUNTIMES)
    if told and (python is not None or RUNTIMES[0] in found):
        absent = [name for name in RUNTIMES if name not in found]
        beside = f"; no {', no '.join(absent)}" if absent else ""
        return Finding(_NAME, "ok", f"{told}{place}{beside}")
    install = f"{python} -m pip install ai-edge-litert" if python else f"{PIP} ai-edge-litert"
    if told:
        text = f"{told}; no {RUNTIMES[0]}, with which every run judges its model"
        return Finding(_NAME, "missing", text, install)
    return Finding(_NAME, "missing", f"none{place}", f"{install} (or tflite-runtime)")


def runtimes_of(python: str | None) -> dict[str, str]:
    """Return the runtimes of an interpreter, names to versions, in the order of the agent.

    Args:
        python: None is this one.

    Raises:
        OSError: If it cannot be started.
        SubprocessError: If it does not answer in time, or fails.
        ValueError: If its answer cannot be read.
    """
    path = search_path(python)
    known = {name: version_of(name, path) for name in RUNTIMES}
    found = {name: version for name, version in known.items() if version is not None}
    if is_corals(distribution("pycoral", path)):  # it makes interpreters of tflite-runtime
        found = dict(sorted(found.items(), key=lambda item: item[0] != "tflite-runtime"))
    return found


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, subprocess.CalledProcessError):
        return f"is no Python (exit status {error.returncode})"
    return " ".join(str(error).split())
