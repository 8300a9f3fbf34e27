"""Boards over SSH, up to the door: a name, a port, a key."""

from __future__ import annotations

import socket
import threading
from typing import TYPE_CHECKING

import paramiko
import pytest

from coralexp.doctor.boards import boards_of, check_board
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


@pytest.fixture
def port() -> Iterator[Callable[[bytes], int]]:
    """Return the port of a server that says something to whoever calls."""
    listeners = []

    def start(greeting: bytes) -> int:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)

        def greet() -> None:
            try:
                while True:
                    with listener.accept()[0] as caller:
                        caller.sendall(greeting)
            except OSError:
                return

        threading.Thread(target=greet, daemon=True).start()
        return listener.getsockname()[1]

    yield start
    for listener in listeners:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()


def test_a_board_whose_key_is_known_is_well(port, tmp_path: Path) -> None:
    number = port(b"SSH-2.0-Board_1\r\n")
    keys = paramiko.HostKeys()
    keys.add(f"[127.0.0.1]:{number}", "ecdsa-sha2-nistp256", paramiko.ECDSAKey.generate())
    keys.save(str(tmp_path / "known"))

    found = check_board(f"me@127.0.0.1:{number}", [tmp_path / "known"])

    assert found.mark == "ok"
    assert "SSH-2.0-Board_1" in found.found


def test_an_unknown_key_comes_with_the_line_that_accepts_it(port, tmp_path: Path) -> None:
    number = port(b"SSH-2.0-Board_1\r\n")

    found = check_board(f"me@127.0.0.1:{number}", [tmp_path / "none"])

    assert found.mark == "missing"
    assert f"ssh-keyscan -p {number} 127.0.0.1" in found.remedy


def test_what_is_no_ssh_server_is_told(port) -> None:
    found = check_board(f"me@127.0.0.1:{port(b'220 mail')}", [])

    assert "no SSH server" in found.found


def test_a_closed_port_and_a_name_of_nobody_are_missing() -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = check_board(f"me@127.0.0.1:{unused.getsockname()[1]}", [])
    nobody = check_board("me@board.invalid", [])

    assert (closed.mark, nobody.mark) == ("missing", "missing")
    assert "port" in closed.found
    assert "no machine has the name board.invalid" in nobody.found


def test_what_is_no_address_is_missing() -> None:
    assert check_board("-oProxyCommand=x", []).mark == "missing"


def test_each_board_is_looked_at_once() -> None:
    assert boards_of(Machine(host="a@b")) == ["a@b"]
    assert boards_of(Machine()) == []
