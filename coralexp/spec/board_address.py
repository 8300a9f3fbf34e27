"""The address of a board: `user@host`, `user@host:port`, `user@[::1]:port`."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coralexp.errors import OptionError

SSH_PORT = 22
_MOST = 65535
_NAME = r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*)"
_ADDRESS = re.compile(
    rf"(?P<user>{_NAME})@(?:\[(?P<six>[0-9A-Fa-f:.%]+)\]|(?P<host>{_NAME}))(?::(?P<port>[0-9]+))?"
)


@dataclass(frozen=True)
class BoardAddress:
    """Where a board is.

    Attributes:
        user: Who logs in.
        host: Name or number of the board.
        port: Of its SSH server.
    """

    user: str
    host: str
    port: int = SSH_PORT

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.user}@{host}" + (f":{self.port}" if self.port != SSH_PORT else "")


def read_address(text: str) -> BoardAddress:
    """Return the address that a text is.

    Raises:
        OptionError: If it is none; of the option `host`.
    """
    found = _ADDRESS.fullmatch(text)
    port = int(found["port"] or SSH_PORT) if found is not None else 0
    if found is None or not 0 < port <= _MOST:
        raise OptionError("host", f"expected user@host or user@host:port, got {text!r}")
    return BoardAddress(found["user"], found["six"] or found["host"], port)
