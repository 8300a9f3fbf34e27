"""This machine as a board: a real SSH server on the loopback address, with keys of its own."""

from __future__ import annotations

import contextlib
import getpass
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coralexp.spec.board_address import BoardAddress

if TYPE_CHECKING:
    from collections.abc import Generator

_SSHD = "/usr/sbin/sshd"
_CONFIG = """\
Port {port}
ListenAddress 127.0.0.1
HostKey {folder}/host_key
AuthorizedKeysFile {home}/.ssh/id_ed25519.pub
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
PidFile none
Subsystem sftp internal-sftp
SetEnv CORALEXP_BOARD={files} TMPDIR={lock_folder}
"""


@dataclass(frozen=True)
class SshBoard:
    """A board that answers.

    Attributes:
        address: Where.
        files: Folder that it keeps what it is sent in.
        lock_folder: Folder of its temporary files, where its lock is.
        home: Of the user here, with the key and the known hosts.
        server: Process of the server.
    """

    address: BoardAddress
    files: Path
    lock_folder: Path
    home: Path
    server: subprocess.Popen[bytes]

    @property
    def python(self) -> str:
        """The interpreter of this environment."""
        return sys.executable

    def know(self) -> None:
        """Accept the board's key, as its user would."""
        command = ["ssh-keyscan", "-p", str(self.address.port), self.address.host]
        keys = subprocess.run(command, capture_output=True, check=True).stdout
        (self.home / ".ssh/known_hosts").write_bytes(keys)

    def know_beside(self, other: SshBoard) -> None:
        """Accept its key beside that of another board of the same user."""
        known = self.home / ".ssh/known_hosts"
        other.know()
        before = known.read_bytes()
        self.know()
        known.write_bytes(before + known.read_bytes())

    def cut(self) -> int:
        """End every connection, but not the server; return how many there were."""
        connections = self._connections()
        for pid in connections:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return len(connections)

    def die(self) -> None:
        """End the server, then every connection."""
        connections = self._connections()
        self.server.kill()
        self.server.wait()
        for pid in connections:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def _connections(self) -> list[int]:
        children = Path(f"/proc/{self.server.pid}/task/{self.server.pid}/children")
        return [int(pid) for pid in children.read_text("utf-8").split()]


@contextlib.contextmanager
def serve(folder: Path, home: Path | None = None) -> Generator[SshBoard]:
    """Start a board; skip the test where there is no server program.

    Args:
        folder: Of its files.
        home: Of a user here who has a key, such as that of another board; None makes one.
    """
    if not Path(_SSHD).exists() or shutil.which("ssh-keygen") is None:
        pytest.skip(f"no {_SSHD}; apt-get install openssh-server brings it")
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # where the server wants to lock itself in
    keys = [folder / "host_key"]
    if home is None:
        home = folder / "home"
        (home / ".ssh").mkdir(parents=True, mode=0o700)
        keys.append(home / ".ssh/id_ed25519")
    files, temporary = folder / "board", folder / "tmp"
    temporary.mkdir(parents=True)
    for path in keys:
        command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(path)]
        subprocess.run(command, check=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    config = folder / "sshd_config"
    names = {"folder": folder, "home": home, "files": files, "lock_folder": temporary}
    config.write_text(_CONFIG.format(port=port, **names))
    with (folder / "log").open("wb") as log:
        server = subprocess.Popen([_SSHD, "-D", "-e", "-f", str(config)], stderr=log)
    try:
        _wait(port, server, folder / "log")
        address = BoardAddress(getpass.getuser(), "127.0.0.1", port)
        yield SshBoard(address, files, temporary, home, server)
    finally:
        server.terminate()
        server.wait()


def _wait(port: int, server: subprocess.Popen[bytes], log: Path) -> None:
    for _ in range(200):
        if server.poll() is not None:
            pytest.skip(f"the SSH server does not start here: {log.read_text('utf-8')[-300:]}")
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.skip("the SSH server does not answer")
