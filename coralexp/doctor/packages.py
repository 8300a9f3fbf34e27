"""Versions of installed packages, read from their metadata: nothing is imported."""

from __future__ import annotations

import importlib.metadata
import json
import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

_TELL = "import json, sys; print(json.dumps([path for path in sys.path if path]))"
_LIMIT_S = 10.0

PIP = f"{sys.executable} -m pip install"


def version_of(package: str, path: Sequence[str] | None = None) -> str | None:
    """Return the version of an installed package; None if it is not there.

    Args:
        package: Its name in an index of packages.
        path: Folders of packages; None searches those of this interpreter.
    """
    found = distribution(package, path)
    return None if found is None else found.version


def distribution(
    package: str, path: Sequence[str] | None = None
) -> importlib.metadata.Distribution | None:
    """Return what is known of an installed package; None if it is not there."""
    folders = list(sys.path if path is None else path)
    return next(iter(importlib.metadata.distributions(name=package, path=folders)), None)


def minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, such as `(2, 21)`; fewer if it has fewer."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])


def search_path(python: str | None) -> list[str] | None:
    """Return the folders of packages of another interpreter; None stands for this one.

    Args:
        python: Path of the interpreter, or None.

    Raises:
        OSError: If it cannot be started.
        SubprocessError: If it does not answer in time, or fails.
        ValueError: If its answer cannot be read.
    """
    if python is None:
        return None
    own = {n: v for n, v in os.environ.items() if n not in {"PYTHONPATH", "PYTHONHOME"}}
    command = [python, "-c", _TELL]
    answer = subprocess.run(command, env=own, capture_output=True, timeout=_LIMIT_S, check=True)
    return [str(path) for path in json.loads(answer.stdout)]
