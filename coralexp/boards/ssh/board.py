"""A measurement on a board: the agent is sent, told what to do, and believed only if whole."""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shlex
import time
from typing import TYPE_CHECKING, TypeVar

from coralexp.boards.agent_file import agent_bytes, agent_digest
from coralexp.boards.failures import GoneError
from coralexp.boards.local import ended
from coralexp.boards.order import LIMIT_S
from coralexp.boards.result import read_hold, read_look, read_result
from coralexp.boards.ssh.connection import Connection, ConnectionCutError, UnreachableError
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coralexp.artifacts.record import Json
    from coralexp.boards.order import MeasureOrder
    from coralexp.boards.result import Measurement
    from coralexp.spec.board_address import BoardAddress

_T = TypeVar("_T")

PYTHON = "python3"
FOLDER = '"${CORALEXP_BOARD:-$HOME/.cache/coralexp}"'  # the board's owner may choose another
# Runs the agent only if it is the one that was sent.
_START = (
    "import hashlib,runpy,sys;path,digest=sys.argv[1:3];content=open(path,'rb').read();"
    "hashlib.sha256(content).hexdigest()==digest or sys.exit('the agent was damaged on its way');"
    "sys.argv=[path]+sys.argv[3:];runpy.run_path(path,run_name='__main__')"
)
_SHORT_S = 60.0
_PAUSES_S = (0.5, 2.0, 5.0)  # before each new try


def measure_on_board(
    order: MeasureOrder, address: BoardAddress, python: str | None = None
) -> Measurement:
    """Measure on a board; once more from the start if the connection is cut.

    Args:
        order: What.
        address: Where.
        python: Interpreter there; None takes `python3`.

    Raises:
        BoardError: If it cannot be measured; the text says why.
    """
    digest = hashlib.sha256(order.model.read_bytes()).hexdigest()

    def work(board: Connection, folder: str) -> Measurement:
        board.send(order.model, f"{folder}/{order.model.name}")
        images = None
        if order.images is not None:
            images = f"{folder}/images.npy"
            board.send(order.images, images)
        text = order.to_json(f"{folder}/{order.model.name}", images)
        result = f"{folder}/result.json"
        said = _agent(board, folder, text, python, result, limit_s=order.patience_s)
        return read_result(board.fetch(f"{folder}/result.json"), said, digest, str(address))

    return _with_board(address, work)


def look_on_board(
    order: MeasureOrder, address: BoardAddress, python: str | None = None
) -> Mapping[str, Json]:
    """Return what the agent sees on a board; see `coralexp.boards.agent.measurement.look`.

    Raises:
        BoardError: If it does not answer.
    """

    def work(board: Connection, folder: str) -> Mapping[str, Json]:
        said = _agent(board, folder, order.to_json("", None), python, "--look")
        return read_look(said, str(address))

    return _with_board(address, work)


def ask_hold(
    order: MeasureOrder,
    address: BoardAddress,
    python: str | None = None,
    *,
    release: bool = False,
    force: bool = False,
) -> Mapping[str, Json]:
    """Return who holds a board and who waits for it, or take it from whoever holds it.

    Args:
        order: Names the folder of the lock.
        address: Where.
        python: Interpreter there; None takes `python3`.
        release: End the measurement that holds it, if it is of this user and machine.
        force: End it whoever asked for it.

    Returns:
        As `coralexp.boards.agent.hold` says it.

    Raises:
        BoardError: If the board does not answer, or the measurement is another's.
    """
    text = json.dumps({**json.loads(order.to_json("", None)), "force": force})
    asked = "--release" if release else "--hold"

    def work(board: Connection, folder: str) -> Mapping[str, Json]:
        said = _agent(board, folder, text, python, asked, limit_s=_SHORT_S)
        return read_hold(said, str(address))

    return _with_board(address, work)


def _with_board(address: BoardAddress, work: Callable[[Connection, str], _T]) -> _T:
    """Do something on a board, in a folder of its own that is gone afterwards."""
    pauses = iter(_PAUSES_S)
    was_there = False
    while True:
        try:
            with Connection(address) as board:
                was_there = True
                return _in_folder(board, work)
        except (ConnectionCutError, UnreachableError):
            pause_s = next(pauses, None) if was_there else None
            if pause_s is None:
                raise
            time.sleep(pause_s)


def _in_folder(board: Connection, work: Callable[[Connection, str], _T]) -> _T:
    folder = _folder(board)
    try:
        return work(board, folder)
    finally:
        with contextlib.suppress(BoardError):
            board.run(f"rm -rf -- {shlex.quote(folder)}", _SHORT_S)


def _folder(board: Connection) -> str:
    """Make a folder for one job; return its path."""
    name = secrets.token_hex(8)
    command = f'umask 077; d={FOLDER}/{name}; mkdir -p "$d" && cd "$d" && pwd -P'
    status, said, complained = board.run(command, _SHORT_S)
    folder = said.decode("utf-8", "replace").strip()
    if status or not folder.endswith(name):
        why = complained.decode("utf-8", "replace").strip()[:300]
        raise GoneError(f"{board.address}: no folder can be made there ({why})")
    return folder


def _agent(
    board: Connection,
    folder: str,
    text: str,
    python: str | None,
    *arguments: str,
    limit_s: float = LIMIT_S,
) -> str:
    """Send the agent and its order, and run it; return the last line that it printed."""
    agent, order = f"{folder}/agent.pyz", f"{folder}/order.json"
    board.send(agent_bytes(), agent)
    board.send(text.encode(), order)
    words = [python or PYTHON, "-c", _START, agent, agent_digest(), "--tied", order, *arguments]
    status, said, complained = board.run(f"exec {shlex.join(words)}", limit_s)
    answer = said.decode("utf-8", "replace").strip().rpartition("\n")[2]
    if status not in {0, 1} or not answer:
        raise BoardError(ended(str(board.address), status, complained))
    return answer
