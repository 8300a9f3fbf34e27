"""The command as a user gives it, in a folder of its own, timed from outside."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil

ROOT = Path(__file__).resolve().parents[2]
_SAMPLED_EVERY_S = 0.05


class CommandError(RuntimeError):
    """A command failed; the text is the command, and what it printed last."""


def environment() -> dict[str, str]:
    """Return the variables of a process that uses this checkout and no tracking server."""
    kept = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    return kept | {"PYTHONPATH": str(ROOT)}


def give(folder: Path, *overrides: str) -> float:
    """Give `python -m coralexp` in a folder; return its wall time in seconds.

    Raises:
        CommandError: If it fails; with what it printed last.
    """
    return run(folder, [sys.executable, "-m", "coralexp", *overrides])


def run(folder: Path, command: list[str]) -> float:
    """Run a command in a folder; return its wall time in seconds.

    Raises:
        CommandError: If it fails; with what it printed last.
    """
    folder.mkdir(parents=True, exist_ok=True)
    start = time.perf_counter()
    done = subprocess.run(
        command, cwd=folder, env=environment(), capture_output=True, text=True, check=False
    )
    seconds = time.perf_counter() - start
    if done.returncode:
        raise CommandError(f"{' '.join(command)}\n{(done.stdout + done.stderr)[-2000:]}")
    return seconds


def give_watched(folder: Path, *overrides: str) -> float:
    """Give `python -m coralexp` in a folder; return the peak memory of all its processes, in bytes.

    Shared pages are counted once where the system tells (Linux), and 20 times a second.
    """
    peak = 0.0
    ended = threading.Event()

    def watch() -> None:
        nonlocal peak
        mine = psutil.Process()
        while not ended.wait(_SAMPLED_EVERY_S):
            peak = max(peak, sum(map(_bytes, mine.children(recursive=True))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        give(folder, *overrides)
    finally:
        ended.set()
        watcher.join()
    return peak


def _bytes(process: psutil.Process) -> int:
    try:
        memory = process.memory_full_info()
    except psutil.Error:
        return 0
    return int(getattr(memory, "pss", memory.rss))
