"""The TFLite runtimes of the interpreter that measures."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.packages import PIP, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAME = "TFLite runtimes"
RUNTIMES = ("ai-edge-litert", "tflite-runtime")  # in the order in which the agent takes them
_ASK = """
import json, sys
def version(name):
    try:
        from importlib.metadata import version as find
    except ImportError:
        from pkg_resources import get_distribution
        find = lambda name: get_distribution(name).version
    try:
        return find(name)
    except Exception:
        return None
print(json.dumps([sys.version.split()[0], {name: version(name) for name in sys.argv[1:]}]))
"""
_LIMIT_S = 10.0


def check_runtimes(
    python: str | None = None, installed: Mapping[str, str] | None = None
) -> Finding:
    """Return which runtimes can measure; one of them also judges every run's accuracy.

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
    if told:
        absent = [name for name in RUNTIMES if name not in found]
        beside = f"; no {', no '.join(absent)}" if absent else ""
        return Finding(_NAME, "ok", f"{told}{place}{beside}")
    install = f"{python} -m pip install ai-edge-litert" if python else f"{PIP} ai-edge-litert"
    return Finding(_NAME, "missing", f"none{place}", f"{install} (or tflite-runtime)")


def runtimes_of(python: str | None) -> dict[str, str]:
    """Return the runtimes of an interpreter, names to versions.

    Args:
        python: None is this one.

    Raises:
        OSError: If it cannot be started.
        SubprocessError: If it does not answer in time, or fails.
        ValueError: If its answer cannot be read.
    """
    if python is None:
        known = {name: version_of(name) for name in RUNTIMES}
    else:
        command = [python, "-c", _ASK, *RUNTIMES]
        answer = subprocess.run(command, capture_output=True, timeout=_LIMIT_S, check=True)
        _, known = json.loads(answer.stdout)
    return {name: version for name, version in known.items() if version is not None}


def _words(error: Exception) -> str:
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, subprocess.CalledProcessError):
        return f"is no Python (exit status {error.returncode})"
    return " ".join(str(error).split())
