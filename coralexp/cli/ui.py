"""`coralexp ui`: MLflow's pages on the right store."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import webbrowser
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psutil

from coralexp.artifacts.runs import Runs
from coralexp.errors import TrackingError
from coralexp.report.attachments import attachments
from coralexp.tracking.address import VARIABLE, tracking_address
from coralexp.tracking.connection import EXPERIMENT, settings
from coralexp.tracking.mlflow_observer import MlflowObserver

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from coralexp.tracking.address import Address

_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))  # it is this machine
_FIRST_PORT = 5000
_PORTS_TRIED = 20
_START_TIMEOUT_S = 120.0  # importing MLflow's server takes 5 to 15 s on a slow disk
# Seven more processes of 240 MB each, for work on language models that no run of ours asks for.
_LEAN = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false"}
_DESCRIPTION = """\
Show the runs in a browser, with the pages of MLflow, until Ctrl-C.

The runs are those of mlruns/ in this folder, or of MLFLOW_TRACKING_URI if that is set; if it names
a server, its address is printed and opened, and nothing is started."""


def main(args: Sequence[str]) -> int:
    """Show the runs in a browser.

    Args:
        args: Words behind `ui`.

    Returns:
        Exit status.

    Raises:
        TrackingError: If there is nothing to show, the port is taken, or MLflow does not start.
    """
    given = _parser().parse_args(args)
    address = tracking_address(Path.cwd())
    if address.is_server:
        _tell(f"MLflow is at {address.public} ({VARIABLE} is set)")
        if given.browser:
            webbrowser.open(address.public)
        return 0
    _log_what_is_pending(Path(given.store), address)
    if address.database is not None and not address.database.is_file():
        raise TrackingError(f"{address.database}: there are no runs yet; `coralexp` makes one")
    port = _free_port(given.host, given.port)
    with _server(address, given.host, port) as process:
        url = f"http://{_for_browsers(given.host)}:{port}"
        _wait_for(f"{url}/health", process)
        page = _page_of_runs(url)
        _tell(f"MLflow shows the runs until Ctrl-C, at\n{page}")
        if given.browser:
            webbrowser.open(page)
        process.wait()
    raise TrackingError(f"the server of MLflow ended by itself (exit status {process.returncode})")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp ui",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument(
        "--port",
        type=int,
        help=f"where to listen; without it the first free one from {_FIRST_PORT} on",
    )
    parser.add_argument(
        "--host",
        default="127.0.0.1",
        help="address to listen on (default: %(default)s, this machine alone; 0.0.0.0 shows the "
        "runs to everybody who can reach this machine)",
    )
    parser.add_argument(
        "--no-browser", dest="browser", action="store_false", help="print the address, open nothing"
    )
    parser.add_argument(
        "--store",
        default=".coralexp",
        metavar="DIR",
        help="where runs wait that could not be logged yet (default: %(default)s)",
    )
    return parser


def _log_what_is_pending(store: Path, address: Address) -> None:
    """Log the runs that MLflow did not take when they ended, if there are any."""
    runs = Runs(store / "runs")
    runs.close_abandoned()
    if all(record.logged or record.state == "RUNNING" for record in runs):
        return
    observer = MlflowObserver(runs, store, attach=attachments, note=_warn, address=address)
    observer.log_pending()
    observer.close()


def _free_port(host: str, wanted: int | None) -> int:
    if wanted is not None:
        if not _is_free(host, wanted):
            raise TrackingError(
                f"--port {wanted}: taken by another program, or not to be had; without --port a "
                f"free one is found"
            )
        return wanted
    for port in range(_FIRST_PORT, _FIRST_PORT + _PORTS_TRIED):
        if _is_free(host, port):
            return port
    raise TrackingError(
        f"ports {_FIRST_PORT} to {_FIRST_PORT + _PORTS_TRIED - 1} of {host} are all taken; "
        f"name another one with --port, or another address of this machine with --host"
    )


def _is_free(host: str, port: int) -> bool:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            if os.name != "nt":  # there, it would allow what is to be found out
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind((host, port))
    except (OSError, OverflowError):
        return False
    return True


@contextlib.contextmanager
def _server(address: Address, host: str, port: int) -> Generator[subprocess.Popen[bytes]]:
    """Start MLflow's server, and end it with everything that it started."""
    command = [sys.executable, "-m", "mlflow", "server", "--host", host, "--port", str(port)]
    command += ["--workers", "1"]
    # In the environment, not among the words of the command, where everybody can read a password.
    environment = _LEAN | os.environ | settings() | {"MLFLOW_BACKEND_STORE_URI": address.uri}
    if address.artifacts is not None:
        environment["MLFLOW_DEFAULT_ARTIFACT_ROOT"] = address.artifacts
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then ends the others
        )
        try:
            yield process
        except TrackingError as error:
            raise TrackingError(f"{error}{_tail(log, address)}") from None
        finally:
            _end(process)


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_TIMEOUT_S
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise TrackingError(f"MLflow does not start (exit status {process.returncode})")
        with contextlib.suppress(OSError), _DIRECT.open(url, timeout=5):
            return
        time.sleep(0.2)
    raise TrackingError(f"MLflow did not answer at {url} within {_START_TIMEOUT_S:.0f} s")


def _page_of_runs(url: str) -> str:
    """Return the page that lists the runs; the first page of MLflow is about language models."""
    question = f"{url}/api/2.0/mlflow/experiments/get-by-name?experiment_name={EXPERIMENT}"
    try:
        with _DIRECT.open(question, timeout=30) as answer:
            number = json.load(answer)["experiment"]["experiment_id"]
    except (OSError, ValueError, KeyError):  # nothing was logged yet
        return url
    return f"{url}/#/experiments/{number}/runs?workflowType=machine_learning"


def _tail(log: IO[bytes], address: Address) -> str:
    """Return the last lines that the server wrote, indented, for the reader of an error."""
    log.seek(0)
    lines = log.read().decode(errors="replace").splitlines()[-8:]
    return "".join(f"\n  {address.redacted(line)}" for line in lines)


def _end(process: subprocess.Popen[bytes]) -> None:
    """End a process and all that it started, with force after 5 s."""
    try:
        parent = psutil.Process(process.pid)
        family = [*parent.children(recursive=True), parent]
    except psutil.NoSuchProcess:
        family = []
    for member in family:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.terminate()
    _, alive = psutil.wait_procs(family, timeout=5)
    for member in alive:
        with contextlib.suppress(psutil.NoSuchProcess):
            member.kill()
    process.wait()


def _for_browsers(host: str) -> str:
    """Return the address under which a browser on this machine reaches the server."""
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - no socket is bound to it
    return f"[{host}]" if ":" in host else host


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _warn(text: str) -> None:
    sys.stderr.write(f"coralexp: {text}\n")
