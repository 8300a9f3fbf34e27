"""The command as a user gives it, in a folder of its own."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.artifacts.record import RunRecord

ROOT = Path(__file__).parents[2]
_LONGEST_S = 300.0


def start(
    folder: Path,
    *args: str,
    environment: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
) -> subprocess.Popen[str]:
    """Start the command as from a shell; both of its outputs are one.

    Args:
        folder: In which it is given.
        args: Its words.
        environment: Variables besides those of this process, of which none about MLflow is left.
        through: Words of a program that starts it, such as one that enters a namespace.
    """
    inherited = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    return subprocess.Popen(
        [*through, sys.executable, "-m", "coralexp", *args],
        cwd=folder,
        env={**inherited, "PYTHONPATH": str(ROOT), **(environment or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def call(
    folder: Path,
    *args: str,
    status: int = 0,
    environment: Mapping[str, str] | None = None,
    through: Sequence[str] = (),
) -> str:
    """Give the command, expect its exit status, return all that it printed."""
    with start(folder, *args, environment=environment, through=through) as process:
        printed, _ = process.communicate(timeout=_LONGEST_S)
    assert process.returncode == status, printed
    return printed


def records(folder: Path) -> list[RunRecord]:
    """Return the run records below a folder, oldest first."""
    return list(Store(folder / ".coralexp").runs)


def wait_for(condition: Callable[[], bool], seconds: float = 90.0) -> None:
    """Wait until something is so."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
