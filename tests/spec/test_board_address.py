"""An address of a board is a user and a host; nothing in it can be taken for an option."""

from __future__ import annotations

import pytest

from coralexp.errors import OptionError
from coralexp.spec.board_address import BoardAddress, read_address


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("mendel@192.168.100.2", BoardAddress("mendel", "192.168.100.2")),
        ("pi@raspberrypi.local:2222", BoardAddress("pi", "raspberrypi.local", 2222)),
        ("root@[::1]:22022", BoardAddress("root", "::1", 22022)),
    ],
)
def test_an_address_is_read_and_written(text: str, address: BoardAddress) -> None:
    assert read_address(text) == address
    assert str(address) == text


@pytest.mark.parametrize(
    "text",
    [
        "",
        "board",
        "-oProxyCommand=x@board",
        "pi@-board",
        "pi@board;reboot",
        "pi@board:0",
        "pi@board:65536",
        "pi@board:ssh",
        "pi@::1",
        "pi@bo ard",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(OptionError, match="expected user@host or user@host:port"):
        read_address(text)
