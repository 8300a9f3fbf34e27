"""A real MLflow server on this machine, which may die."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.request
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

import psutil

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


def free_port() -> int:
    """Return a port that nobody listens on."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def serving(uri: str, port: int, folder: Path) -> Generator[subprocess.Popen[bytes]]:
    """Run a server on a database for a while.

    Args:
        uri: Of the database.
        port: Of 127.0.0.1.
        folder: Receives what it prints.
    """
    words = ["-m", "mlflow", "server", "--port", str(port), "--workers", "1"]
    words += ["--backend-store-uri", uri]
    environment = os.environ | {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, *words], cwd=folder, env=environment, stdout=log, stderr=log
        )
        try:
            deadline = time.monotonic() + 90
            while time.monotonic() < deadline:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health", timeout=2):
                        break
                except OSError:
                    time.sleep(0.2)
            yield process
        finally:
            if process.poll() is None:
                process.terminate()
            process.wait(timeout=20)


def kill(server: subprocess.Popen[bytes]) -> None:
    """End a server at once, with the processes that answer for it."""
    main = psutil.Process(server.pid)
    for process in [main, *main.children(recursive=True)]:
        process.kill()
    server.wait(timeout=20)
