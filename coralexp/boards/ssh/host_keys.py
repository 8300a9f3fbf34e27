"""Whether a board is who it was: its key against those that this user knows."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import TYPE_CHECKING

import paramiko

from coralexp.errors import BoardError

if TYPE_CHECKING:
    from coralexp.spec.board_address import BoardAddress

_FILES = ("~/.ssh/known_hosts", "/etc/ssh/ssh_known_hosts")


class RefuseUnknown(paramiko.MissingHostKeyPolicy):
    """Refuses a board whose key nobody has accepted, and says how that is done.

    Args:
        address: As the user wrote it.
    """

    def __init__(self, address: BoardAddress) -> None:
        self._address = address

    def missing_host_key(
        self, client: paramiko.SSHClient, hostname: str, key: paramiko.PKey
    ) -> None:
        """Refuse the key.

        Raises:
            BoardError: Always.
        """
        where = self._address
        scan = f"ssh-keyscan -p {where.port} {where.host} >> ~/.ssh/known_hosts"
        raise BoardError(
            f"{where}: its host key is not known ({key.get_name()} {fingerprint(key)}). If that is"
            f" what the board itself shows (ssh-keygen -lf on its /etc/ssh/*.pub), accept it with:"
            f" {scan}"
        )


def changed(address: BoardAddress, error: paramiko.BadHostKeyException) -> BoardError:
    """Return the refusal of a board whose key is another than before."""
    known_as = address.host if address.port == paramiko.config.SSH_PORT else _with_port(address)
    scan = f"ssh-keyscan -p {address.port} {address.host} >> ~/.ssh/known_hosts"
    return BoardError(
        f"{address}: its host key has changed: it shows {error.key.get_name()}"
        f" {fingerprint(error.key)}, known is {fingerprint(error.expected_key)}. It was set up"
        f" anew, or another machine answers in its place. If you know why:"
        f" ssh-keygen -R '{known_as}', then {scan}"
    )


def load_known(client: paramiko.SSHClient) -> None:
    """Load the keys that this user and this system know.

    Raises:
        BoardError: If a file of them cannot be read.
    """
    for name in _FILES:
        path = Path(name).expanduser()
        try:
            if path.exists():
                client.load_system_host_keys(str(path))
        except (OSError, paramiko.SSHException, ValueError) as error:
            raise BoardError(f"{path}: cannot be read ({error})") from error


def fingerprint(key: paramiko.PKey) -> str:
    """Return a key's fingerprint as OpenSSH prints it."""
    digest = hashlib.sha256(key.asbytes()).digest()
    return f"SHA256:{base64.b64encode(digest).decode().rstrip('=')}"


def _with_port(address: BoardAddress) -> str:
    return f"[{address.host}]:{address.port}"
