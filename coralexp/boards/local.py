"""The agent in a process of this machine: what crashes there does not crash here."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent_file import agent_bytes
from coralexp.boards.order import LIMIT_S
from coralexp.boards.result import read_look, read_result
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.boards.order import MeasureOrder
    from coralexp.boards.result import Measurement

HERE = "this machine"
_SHELL_SIGNAL = 128


def file_here(name: str | None) -> str | None:
    """Return a file in full, for the agent works in a folder of its own; a bare name stays one."""
    if name is None or not Path(name).expanduser().exists():
        return name
    return str(Path(name).expanduser().absolute())  # symbolic links stay: a venv's python is one


def measure_here(order: MeasureOrder, python: str | None = None) -> Measurement:
    """Measure on this machine.

    Args:
        order: What.
        python: Interpreter that runs the agent, such as one for which pycoral exists; None takes
            this one.

    Raises:
        BoardError: If it cannot be measured; the text says why.
    """
    with tempfile.TemporaryDirectory(prefix="coralexp-") as name:
        folder = Path(name)
        images = None if order.images is None else str(order.images.resolve())
        text = order.to_json(str(order.model.resolve()), images)
        result = folder / "result.json"
        said = _run(folder, text, python, [str(result)], order.patience_s)
        content = result.read_bytes()
    digest = hashlib.sha256(order.model.read_bytes()).hexdigest()
    return read_result(content, said, digest, HERE)


def look_here(text: str, python: str | None = None) -> Mapping[str, Json]:
    """Return what the agent sees on this machine; see `coralexp.boards.agent.measurement.look`.

    Args:
        text: Its order.
        python: As above.

    Raises:
        BoardError: If it does not answer.
    """
    with tempfile.TemporaryDirectory(prefix="coralexp-") as name:
        said = _run(Path(name), text, python, ["--look"], LIMIT_S)
    return read_look(said, HERE)


def _run(
    folder: Path, text: str, python: str | None, arguments: Sequence[str], limit_s: float
) -> str:
    """Run the agent; return the last line that it printed."""
    (folder / "agent.pyz").write_bytes(agent_bytes())
    (folder / "order.json").write_text(text, "utf-8")
    program = python or sys.executable
    command = [program, "agent.pyz", "--tied", "order.json", *arguments]
    with (folder / "said").open("wb") as said, (folder / "complaints").open("wb") as complaints:
        try:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=_environment(python),
                stdin=subprocess.PIPE,  # open as long as this process lives
                stdout=said,
                stderr=complaints,
            )
        except OSError as error:
            raise BoardError(f"{program}: cannot be started ({error.strerror})") from error
        try:
            status = process.wait(limit_s)
        except subprocess.TimeoutExpired:
            raise BoardError(f"{HERE}: the agent gave no answer in {limit_s:.0f} s") from None
        finally:
            process.kill()
            process.wait()
            if process.stdin is not None:
                process.stdin.close()
    answer = (folder / "said").read_text("utf-8", errors="replace").strip().rpartition("\n")[2]
    if status not in {0, 1} or not answer:
        raise BoardError(ended(HERE, status, (folder / "complaints").read_bytes()))
    return answer


def ended(place: str, status: int, complaints: bytes) -> str:
    """Return why an agent ended without an answer, in words.

    Args:
        place: Where it ran.
        status: Its exit status, negative for a signal.
        complaints: What it wrote on standard error.
    """
    lines = [line for line in complaints.decode("utf-8", "replace").splitlines() if line.strip()]
    said = f"; its last words: {lines[-1].strip()[:300]}" if lines else ""
    if status < 0 or status > _SHELL_SIGNAL:
        number = -status if status < 0 else status - _SHELL_SIGNAL
        return (
            f"{place}: the agent crashed (signal {number}), as a TFLite runtime and a libedgetpu"
            " that were not made for each other do: take both from one release, such as"
            f" tflite-runtime 2.5 with libedgetpu 16.0{said}"
        )
    return f"{place}: the agent ended with status {status}{said}"


def _environment(python: str | None) -> dict[str, str]:
    """Return the environment; another interpreter gets no search path that is meant for this."""
    own = dict(os.environ)
    if python is not None:
        own.pop("PYTHONPATH", None)
        own.pop("PYTHONHOME", None)
    return own
