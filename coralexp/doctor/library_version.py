"""What libedgetpu says of itself, asked in another process: a bad library ends that one alone."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass

# `edgetpu_version` is in edgetpu_c.h of libedgetpu; it takes nothing and opens no device.
_ASK = """
import ctypes, json, sys
answer = {}
try:
    library = ctypes.CDLL(sys.argv[1])
    try:
        lines = open("/proc/self/maps").read().splitlines()
    except OSError:
        lines = []
    paths = [line[line.index("/"):] for line in lines if "/" in line]
    named = [path for path in paths if "edgetpu" in path.rpartition("/")[2]]
    answer["path"] = named[0] if named else sys.argv[1]
    tell = library.edgetpu_version
    tell.restype = ctypes.c_char_p
    said = tell()
    answer["version"] = said.decode("ascii", "replace") if said else None
except AttributeError:
    answer["error"] = "it has no function edgetpu_version: it is no libedgetpu"
except OSError as error:
    answer["error"] = str(error)
print(json.dumps(answer))
"""
_LIMIT_S = 10.0


@dataclass(frozen=True)
class Library:
    """What came of loading it.

    Attributes:
        path: Of the file; None if it could not be loaded.
        version: What it says; None if it says nothing.
        error: What went wrong; empty if nothing did.
    """

    path: str | None = None
    version: str | None = None
    error: str = ""


def ask_library(file: str) -> Library:
    """Load a library and ask its version.

    Args:
        file: Its path, or a name that the system's loader finds.
    """
    command = [sys.executable, "-I", "-S", "-c", _ASK, file]
    try:
        done = subprocess.run(command, capture_output=True, timeout=_LIMIT_S, check=False)
    except subprocess.TimeoutExpired:
        return Library(file, error=f"it does not answer within {_LIMIT_S:g} s")
    except OSError as error:
        return Library(error=f"{sys.executable}: {error.strerror}")
    if done.returncode < 0:
        return Library(file, error=f"loading it ends the process (signal {-done.returncode})")
    try:
        said = json.loads(done.stdout.decode("utf-8", "replace").splitlines()[-1])
    except (ValueError, IndexError):
        return Library(file, error=f"loading it ends the process (status {done.returncode})")
    return Library(said.get("path"), said.get("version"), said.get("error", ""))
