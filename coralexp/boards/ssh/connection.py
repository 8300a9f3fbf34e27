"""A connection to a board: programs are run, files are sent and fetched."""

from __future__ import annotations

import contextlib
import io
import os
import socket
import time
from typing import TYPE_CHECKING, Self

import paramiko

from coralexp.boards.failures import GoneError
from coralexp.boards.ssh.host_keys import RefuseUnknown, changed, load_known
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from coralexp.spec.board_address import BoardAddress

_CONNECT_S = 15.0
_ALIVE_S = 5  # how often the board is asked whether it is still there
_SETTLES_S = 1.0
_PAUSE_S = 0.05
_AT_ONCE_BYTES = 65536
_MOST_OUTPUT_BYTES = 4_000_000
_GONE_MS = 20_000  # without an answer of its system, a board is gone
_KILLED = 137  # as a shell says it; no status is sent for a program that a signal ended


class ConnectionCutError(GoneError):
    """The connection ended before the work did."""


class UnreachableError(GoneError):
    """There is no connection."""


class Connection:
    """A board that this user may log in to, by key or agent; use it as a context manager.

    Args:
        address: Where it is.
    """

    def __init__(self, address: BoardAddress) -> None:
        self.address = address
        self._client = paramiko.SSHClient()
        load_known(self._client)
        self._client.set_missing_host_key_policy(RefuseUnknown(address))

    def __enter__(self) -> Self:
        """Connect.

        Raises:
            BoardError: If the board is not there, is not who it was, or does not let this user in.
        """
        where = self.address
        try:
            self._client.connect(
                where.host,
                where.port,
                where.user,
                timeout=_CONNECT_S,
                banner_timeout=_CONNECT_S,
                auth_timeout=_CONNECT_S,
            )
        except paramiko.BadHostKeyException as error:
            raise changed(where, error) from error
        except paramiko.AuthenticationException as error:
            text = f"{where}: it does not let you in ({error}); ssh-copy-id puts your key there"
            raise BoardError(text) from error
        except (paramiko.SSHException, OSError, EOFError) as error:
            text = f"{where}: cannot be reached ({_words(error)})"
            raise UnreachableError(text) from error
        transport = self._client.get_transport()
        if transport is not None:
            transport.set_keepalive(_ALIVE_S)
            gone_after = getattr(socket, "TCP_USER_TIMEOUT", None)
            if gone_after is not None and isinstance(transport.sock, socket.socket):
                transport.sock.setsockopt(socket.IPPROTO_TCP, gone_after, _GONE_MS)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def run(self, command: str, limit_s: float) -> tuple[int, bytes, bytes]:
        """Run a command of the board's shell; its standard input stays open until it ends.

        Args:
            command: For the shell: what is not ours in it has to be quoted.
            limit_s: Longest time.

        Returns:
            Exit status, standard output, standard error.

        Raises:
            ConnectionCutError: If the connection ends first.
            GoneError: If it takes too long.
        """
        transport = self._client.get_transport()
        if transport is None:
            raise self._cut()
        try:
            channel = transport.open_session(timeout=_CONNECT_S)
            channel.exec_command(command)
        except (paramiko.SSHException, OSError, EOFError) as error:
            raise self._cut() from error
        with contextlib.closing(channel):
            said, complained = self._collect(channel, time.monotonic() + limit_s)
            status = channel.recv_exit_status()
        if status < 0 and not transport.is_active():
            raise self._cut()
        return _KILLED if status < 0 else status, said, complained

    def _collect(self, channel: paramiko.Channel, end: float) -> tuple[bytes, bytes]:
        """Return what a program writes until it ends."""
        said, complained = io.BytesIO(), io.BytesIO()
        while True:
            is_done = channel.exit_status_ready() or channel.closed
            while channel.recv_ready():
                said.write(channel.recv(_AT_ONCE_BYTES))
            while channel.recv_stderr_ready():
                complained.write(channel.recv_stderr(_AT_ONCE_BYTES))
            if is_done:
                return said.getvalue(), complained.getvalue()
            if said.tell() + complained.tell() > _MOST_OUTPUT_BYTES:
                raise BoardError(f"{self.address}: it says more than it should")
            if time.monotonic() > end:
                raise GoneError(f"{self.address}: it did not end in time")
            time.sleep(_PAUSE_S)

    def send(self, content: Path | bytes, name: str) -> None:
        """Write a file of the board.

        Raises:
            ConnectionCutError: If the connection ends first.
            GoneError: If it cannot be written, such as on a full disk.
        """
        source: io.BufferedIOBase
        try:
            with self._client.open_sftp() as files:
                if isinstance(content, bytes):
                    source = io.BytesIO(content)
                    files.putfo(source, name)
                else:
                    files.put(os.fspath(content), name)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._failed(error, f"{name} cannot be written; is its disk full?") from error

    def fetch(self, name: str) -> bytes:
        """Return the content of a file of the board.

        Raises:
            ConnectionCutError: If the connection ends first.
            GoneError: If it cannot be read.
        """
        content = io.BytesIO()
        try:
            with self._client.open_sftp() as files:
                files.getfo(name, content)
        except (OSError, EOFError, paramiko.SSHException) as error:
            raise self._failed(error, f"{name} cannot be read") from error
        return content.getvalue()

    def _failed(self, error: Exception, what: str) -> BoardError:
        transport = self._client.get_transport()
        if transport is not None and transport.is_active():
            # A channel may hear of the end before the connection does: it ends within a moment.
            transport.join(_SETTLES_S)
        if transport is None or not transport.is_active():
            return self._cut()
        return GoneError(f"{self.address}: {what} ({_words(error)})")

    def _cut(self) -> ConnectionCutError:
        return ConnectionCutError(f"{self.address}: the connection was cut")


def _words(error: BaseException) -> str:
    if isinstance(error, socket.timeout):
        return f"no answer in {_CONNECT_S:.0f} s"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
