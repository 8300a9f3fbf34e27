"""A board over a real SSH server: measured, cut off, mistaken for another, full, occupied."""

from __future__ import annotations

import dataclasses
import subprocess
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ssh_board import serve

from coralexp.boards.agent.lock import NAME
from coralexp.boards.order import Protocol
from coralexp.boards.presence import Wanted
from coralexp.boards.reach import find_device
from coralexp.boards.ssh.board import measure_on_board
from coralexp.errors import BoardError
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from ssh_board import SshBoard

    from coralexp.boards.order import MeasureOrder

    MakeOrder = Callable[..., MeasureOrder]

pytestmark = [pytest.mark.ssh, pytest.mark.toolchain]


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Generator[SshBoard]:
    with serve(tmp_path_factory.mktemp("ssh")) as board:
        yield board


@pytest.fixture
def board(running: SshBoard, monkeypatch: pytest.MonkeyPatch) -> SshBoard:
    """One whose key is known."""
    monkeypatch.setenv("HOME", str(running.home))
    monkeypatch.delenv("SSH_AUTH_SOCK", raising=False)
    running.know()
    return running


def python_that(tmp_path: Path, script: str) -> str:
    path = tmp_path / "python"
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)
    return str(path)


def wait_for(order: MeasureOrder, job: str) -> None:
    """Wait until the board works on an order."""
    assert order.lock_folder is not None
    lock = Path(order.lock_folder, NAME)
    end = time.monotonic() + 30
    while not lock.exists() or job not in lock.read_text("utf-8"):
        assert time.monotonic() < end
        time.sleep(0.02)


def test_a_model_is_measured_there_and_nothing_is_left(board: SshBoard, order: MakeOrder) -> None:
    measured = measure_on_board(order(), board.address, board.python)

    assert measured.on_edge_tpu
    assert measured.place == str(board.address)
    assert len(measured.raw_ms["invoke_ms"]) == 20
    assert list(board.files.iterdir()) == []


def test_the_board_says_what_it_has(board: SshBoard, stand_in: Path) -> None:
    usb = Wanted("this computer", is_this_computer=True, interface="usb3", edge_tpu=True)
    where = {"host": str(board.address), "python": board.python}

    assert find_device(usb, Machine(delegate=str(stand_in), **where)).there
    assert "install libedgetpu1-std" in find_device(usb, Machine(**where)).reason


def test_a_board_that_nobody_knows_is_refused_with_the_command(
    board: SshBoard, order: MakeOrder
) -> None:
    (board.home / ".ssh/known_hosts").unlink()

    with pytest.raises(
        BoardError, match=r"not known.*SHA256:.*ssh-keyscan -p [0-9]+ 127\.0\.0\.1 >>"
    ):
        measure_on_board(order(), board.address, board.python)


def test_a_board_with_another_key_than_before_is_refused(board: SshBoard, order: MakeOrder) -> None:
    mine = (board.home / ".ssh/id_ed25519.pub").read_text().rpartition(" ")[0]
    known = board.home / ".ssh/known_hosts"
    known.write_text(f"[127.0.0.1]:{board.address.port} {mine}\n")

    with pytest.raises(BoardError, match=r"has changed.*ssh-keygen -R '\[127\.0\.0\.1\]:[0-9]+'"):
        measure_on_board(order(), board.address, board.python)


def test_a_board_that_does_not_let_one_in_says_so(
    board: SshBoard, order: MakeOrder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".ssh").mkdir()
    known = (board.home / ".ssh/known_hosts").read_text()
    (tmp_path / ".ssh/known_hosts").write_text(known)
    monkeypatch.setenv("HOME", str(tmp_path))

    with pytest.raises(BoardError, match=r"does not let you in.*ssh-copy-id|No authentication"):
        measure_on_board(order(), board.address, board.python)


def test_a_connection_that_is_cut_is_made_again(board: SshBoard, order: MakeOrder) -> None:
    longer = order(protocol=Protocol(at_least=20, seconds=1.5))
    cuts: list[int] = []

    def cut() -> None:
        wait_for(longer, "a measurement")
        cuts.append(board.cut())

    thread = threading.Thread(target=cut)
    thread.start()
    measured = measure_on_board(longer, board.address, board.python)
    thread.join()

    assert cuts[0] > 0
    assert sum(measured.raw_ms["end_to_end_ms"]) > 1_200


def test_a_python_without_numpy_is_named(board: SshBoard, order: MakeOrder, tmp_path: Path) -> None:
    bare = python_that(tmp_path, f'exec {board.python} -S -E "$@"')

    with pytest.raises(BoardError, match=r"no numpy in .*pip install numpy"):
        measure_on_board(order(), board.address, bare)


def test_no_python_at_all_is_told(board: SshBoard, order: MakeOrder) -> None:
    with pytest.raises(BoardError, match=r"status 127.*python9"):
        measure_on_board(order(), board.address, "python9")


def test_a_result_that_was_cut_short_is_refused(
    board: SshBoard, order: MakeOrder, tmp_path: Path
) -> None:
    script = f'{board.python} "$@"\nfor last; do :; done\ntruncate -s 500 "$last"'

    with pytest.raises(BoardError, match="the result was cut short"):
        measure_on_board(order(), board.address, python_that(tmp_path, script))


def test_an_agent_that_was_damaged_does_not_start(
    board: SshBoard, order: MakeOrder, tmp_path: Path
) -> None:
    script = f'echo x >> "$3"\nexec {board.python} "$@"'

    with pytest.raises(BoardError, match="the agent was damaged on its way"):
        measure_on_board(order(), board.address, python_that(tmp_path, script))


def test_a_full_disk_is_told(board: SshBoard, order: MakeOrder) -> None:
    board.files.mkdir(exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "board", str(board.files)]
    mounted = subprocess.run(mount, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("a small disk cannot be mounted here; root may do that")
    try:
        with pytest.raises(
            BoardError, match=r"_edgetpu\.tflite cannot be written; is its disk full"
        ):
            measure_on_board(order(), board.address, board.python)
    finally:
        subprocess.run(["umount", str(board.files)], check=True)


def test_of_two_who_want_one_board_the_second_waits(board: SshBoard, order: MakeOrder) -> None:
    held = order(protocol=Protocol(at_least=1, seconds=2.0), job="run of the first")
    thread = threading.Thread(target=measure_on_board, args=(held, board.address, board.python))
    thread.start()
    wait_for(held, "run of the first")

    with pytest.raises(BoardError, match=r"another process measures here.*run of the first"):
        measure_on_board(order(wait_s=0.0), board.address, board.python)
    assert measure_on_board(order(wait_s=30.0), board.address, board.python).on_edge_tpu
    thread.join()


def test_a_board_that_is_not_there_is_told_at_once(board: SshBoard, order: MakeOrder) -> None:
    with pytest.raises(BoardError, match="cannot be reached"):
        measure_on_board(order(), dataclasses.replace(board.address, port=1), board.python)
