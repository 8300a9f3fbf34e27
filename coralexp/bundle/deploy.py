"""A bundle on its way to a board: only what changed is sent, and nothing is replaced too early.

It arrives beside the current version, is looked at file by file, and has to pass its self-check
there; then a link is changed in one step. Until then, and if anything fails, the board goes on with
what it has.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from coralexp.bundle.files.bundled.manifest import DIGEST, NAME
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.spec.board_address import BoardAddress

_RECEIVER = Path(__file__).with_name("receive.py")
_SHORT_S, _CHECK_S = 120.0, 900.0
_NAME_DIGITS = 12
_MOST_WORDS = 400  # of what a board complains


class Board(Protocol):
    """A board that is connected; `coralexp.boards.ssh.connection.Connection` is one."""

    address: BoardAddress

    def run(self, command: str, limit_s: float) -> tuple[int, bytes, bytes]:
        """Run a shell's command in the home folder; return status and both outputs."""

    def send(self, content: Path | bytes, name: str) -> None:
        """Write a file."""


@dataclass(frozen=True)
class Deployed:
    """What became of it.

    Attributes:
        folder: Of the version that is current now, on the board.
        sent: Names of the files that were sent.
        kept: How many were there already.
        answer: What the self-check said there, a line each.
        before: Folder of the version before; None if there was none.
    """

    folder: str
    sent: tuple[str, ...]
    kept: int
    answer: tuple[str, ...]
    before: str | None


def deploy(
    files: Mapping[str, bytes],
    board: Board,
    *,
    folder: str = "coralexp",
    python: str = "python3",
    options: Sequence[str] = (),
) -> Deployed:
    """Bring a bundle to a board.

    Args:
        files: See `coralexp.bundle.contents`.
        board: Connected.
        folder: Where it goes, from the home folder there.
        python: Interpreter there that has numpy, Pillow and a TFLite runtime.
        options: For the self-check, such as `--delegate`, its file.

    Raises:
        BoardError: If it does not arrive whole, or does not answer as the run did; the version that
            was there stays the current one.
    """
    root, name = _root(board, folder), secrets.token_hex(6)
    incoming = f"{root}/.incoming-{name}"
    board.run(f"mkdir -p -- {shlex.quote(incoming)}", _SHORT_S)
    try:
        return _arrive(files, board, (root, name), python=python, options=options)
    finally:
        with contextlib.suppress(BoardError):
            board.run(f"rm -rf -- {shlex.quote(incoming)}", _SHORT_S)


def _arrive(
    files: Mapping[str, bytes],
    board: Board,
    place: tuple[str, str],
    *,
    python: str,
    options: Sequence[str],
) -> Deployed:
    """Bring a bundle to a root and an id there."""
    root, name = place
    incoming = f"{root}/.incoming-{name}"
    receiver = f"{incoming}/{_RECEIVER.name}"
    board.send(_RECEIVER.read_bytes(), receiver)
    for file in (NAME, DIGEST):
        board.send(files[file], f"{incoming}/{file}")
    start = [python, receiver]
    there = _answer(board, [*start, "prepare", root, name])
    if there["same"]:
        current = str(there["current"])
        answer = _self_check(board, current, python, options, "it is the current version, still")
        return Deployed(current, (), len(files), answer, before=None)
    sent = _names(there["missing"])
    for file in sent:
        board.send(files[file], f"{incoming}/{file}")
    damaged = ", ".join(_names(_answer(board, [*start, "verify", root, name])["damaged"]))
    if damaged:
        raise BoardError(f"{board.address}: damaged on the way: {damaged}; deploy it again")
    stays = f"{there['current']} stays" if there["current"] else "nothing was put in place"
    answer = _self_check(board, incoming, python, options, stays)
    version = f"{hashlib.sha256(files[NAME]).hexdigest()[:_NAME_DIGITS]}-{name}"
    done = _answer(board, [*start, "activate", root, name, version])
    before = None if done["before"] is None else str(done["before"])
    kept = len(files) - len(sent) - 2  # the manifest and its digest are sent each time
    return Deployed(str(done["folder"]), tuple(sent), kept, answer, before)


def _names(found: Json) -> list[str]:
    return [str(name) for name in found] if isinstance(found, list) else []


def _root(board: Board, folder: str) -> str:
    """Make the folder; return its path."""
    where = shlex.quote(folder)
    status, said, complained = board.run(
        f"mkdir -p -- {where} && cd -- {where} && pwd -P", _SHORT_S
    )
    root = said.decode("utf-8", "replace").strip()
    if status or not root.startswith("/"):
        raise BoardError(f"{board.address}: {folder} cannot be made there ({_words(complained)})")
    return root


def _answer(board: Board, words: Sequence[str]) -> Mapping[str, Json]:
    """Run the receiver; return what it says."""
    status, said, complained = board.run(f"exec {shlex.join(words)}", _SHORT_S)
    try:
        found: Json = json.loads(said)
    except ValueError:
        found = None
    if status or not isinstance(found, dict):
        raise BoardError(
            f"{board.address}: {words[0]} {words[2]} ended with status {status}"
            f" ({_words(complained)}); --python names another interpreter"
        )
    return found


def _self_check(
    board: Board, folder: str, python: str, options: Sequence[str], stays: str
) -> tuple[str, ...]:
    """Return what the self-check says there.

    Raises:
        BoardError: If it fails.
    """
    words = [python, f"{folder}/classify.py", "--self-check", *options]
    status, said, complained = board.run(f"exec {shlex.join(words)}", _CHECK_S)
    lines = complained.decode("utf-8", "replace") + said.decode("utf-8", "replace")
    answer = tuple(line for line in lines.splitlines() if line.strip())
    if status:
        told = "".join(f"\n  {line}" for line in answer[-20:])
        raise BoardError(
            f"{board.address}: the self-check ended with status {status}; {stays}{told}"
        )
    return answer


def _words(complained: bytes) -> str:
    return " ".join(complained.decode("utf-8", "replace").split())[-_MOST_WORDS:] or "no words"
