"""Boards over SSH: the name, the port, and whether the key is the one that is known."""

from __future__ import annotations

import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.doctor.finding import Finding
from coralexp.doctor.patience import within
from coralexp.errors import OptionError
from coralexp.spec.board_address import SSH_PORT, read_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.spec.board_address import BoardAddress
    from coralexp.spec.experiment import Machine

_LIMIT_S = 2.0
KNOWN_HOSTS = (Path("~/.ssh/known_hosts"), Path("/etc/ssh/ssh_known_hosts"))


def boards_of(machine: Machine) -> list[str]:
    """Return the addresses of the boards that a machine names, as they are written."""
    several: Sequence[str] = getattr(machine, "hosts", None) or ()
    return list(dict.fromkeys([*([machine.host] if machine.host else []), *several]))


def check_board(text: str, known_hosts: Sequence[Path] = KNOWN_HOSTS) -> Finding:
    """Return whether a board can be reached; nobody logs in there.

    Args:
        text: Its address, `user@host` or `user@host:port`.
        known_hosts: Files of keys.
    """
    name = f"board {text}"
    try:
        address = read_address(text)
    except OptionError as error:
        return Finding(name, "missing", error.text, "write machine.host=user@host")
    where = address.host
    try:
        found = within(_LIMIT_S, lambda: socket.getaddrinfo(where, address.port))
    except (TimeoutError, OSError) as error:
        why = getattr(error, "strerror", None) or str(error)
        text = "write its number (hostname -I on the board tells it), or put it into /etc/hosts"
        return Finding(name, "missing", f"no machine has the name {where} ({why})", text)
    number = found[0][4][0]
    try:
        said = within(_LIMIT_S, lambda: _banner(address))
    except (TimeoutError, OSError) as error:
        why = getattr(error, "strerror", None) or "no answer"
        text = "is it on, in this network, and its SSH server started (mdt shell; raspi-config)?"
        return Finding(name, "missing", f"{number}, port {address.port}: {why}", text)
    if not said.startswith("SSH-"):
        text = "name the port of its SSH server: machine.host=user@host:port"
        return Finding(name, "missing", f"{number}, port {address.port}: no SSH server", text)
    here = f"{number}, port {address.port}, {said[:60]}"
    if not _is_known(address, known_hosts):
        text = f"ssh-keyscan -p {address.port} {where} >> ~/.ssh/known_hosts, if it is your network"
        return Finding(name, "missing", f"{here}; its host key is not known", text)
    return Finding(name, "ok", f"{here}; its host key is known")


def _banner(address: BoardAddress) -> str:
    with socket.create_connection((address.host, address.port), timeout=_LIMIT_S) as connection:
        connection.settimeout(_LIMIT_S)
        said = connection.recv(255).decode("ascii", "replace").partition("\n")[0].strip()
    return said if said.isprintable() else ""


def _is_known(address: BoardAddress, files: Sequence[Path]) -> bool:
    import paramiko

    name = address.host if address.port == SSH_PORT else f"[{address.host}]:{address.port}"
    for file in files:
        path = file.expanduser()
        if os.access(path, os.R_OK):
            keys = paramiko.HostKeys()
            try:
                keys.load(str(path))
            except (OSError, paramiko.SSHException, ValueError):
                continue
            if keys.lookup(name) is not None:
                return True
    return False
