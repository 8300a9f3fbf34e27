"""`coralexp deploy`: the bundle of a run on a board, put in place when it has answered there."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.bundle.contents import SAMPLES, board_of, contents_of
from coralexp.bundle.deploy import deploy
from coralexp.bundle.pages import BOARDS
from coralexp.errors import ConfigError, OptionError, Problem
from coralexp.spec.board_address import read_address

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.bundle.deploy import Deployed

_DESCRIPTION = """\
Send the bundle of a run (see `coralexp bundle`) to a board over SSH: only the files that differ
from what is there. It is looked at file by file there and has to pass its self-check; then
~/coralexp/current becomes the new version, in one step. If anything fails, the old one stays.

The board's key has to be known, and yours let in, as for `ssh`; a password is never asked for."""
_EPILOG = """\
examples:
  coralexp deploy 20261123-165012 mendel@192.168.100.2
  coralexp deploy 20261123-165012 pi@raspberrypi.local --python coralexp/venv/bin/python
  coralexp deploy 20261123-165012 pi@raspberrypi.local --folder signs
"""


def main(args: Sequence[str]) -> int:
    """Deploy a run.

    Args:
        args: The id of a run, and the board.

    Returns:
        0.

    Raises:
        ConfigError: If the address is none.
        UnknownRunError: If there is no such run.
        StoreError: If its model is no longer in the store.
        BoardError: If the board cannot be reached, or does not answer as the run did.
    """
    asked = _parser().parse_args(args)
    try:
        address = read_address(asked.board)
    except OptionError as error:
        raise ConfigError([Problem("USER@HOST", error.text)]) from error
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    kind = asked.steps or board_of(record)
    files = contents_of(store, record, kind, samples=asked.samples)
    options = ["--cpu"] if asked.cpu else []
    for name in ("delegate", "device"):
        value = getattr(asked, name)
        options += [f"--{name}", value] if value else []
    from coralexp.boards.ssh.connection import Connection  # half a second, for its cryptography

    with Connection(address) as board:
        done = deploy(files, board, folder=asked.folder, python=asked.python, options=options)
    _tell(done, str(address), files)
    return 0


def _tell(done: Deployed, address: str, files: dict[str, bytes]) -> None:
    size = sum(len(files[name]) for name in done.sent)
    if done.sent:
        sys.stdout.write(f"sent {len(done.sent)} files ({size / 1024:.0f} KiB), ")
        sys.stdout.write(f"{done.kept} were there\n")
    else:
        sys.stdout.write("nothing to send: every file is there\n")
    for line in done.answer:
        sys.stdout.write(f"  {address}: {line}\n")
    sys.stdout.write(f"current: {done.folder}\n")
    if done.before is not None:
        sys.stdout.write(f"before:  {done.before}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp deploy",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN_ID", help="id of a run, or enough of its start")
    parser.add_argument("board", metavar="USER@HOST", help="the board; also USER@HOST:PORT")
    parser.add_argument(
        "--folder", default="coralexp", metavar="DIR", help="there (default %(default)s)"
    )
    parser.add_argument(
        "--python",
        default="python3",
        metavar="PATH",
        help="interpreter there, with numpy, Pillow and a TFLite runtime (default %(default)s)",
    )
    parser.add_argument("--cpu", action="store_true", help="the self-check needs no Edge TPU")
    parser.add_argument("--device", metavar="NAME", help="Edge TPU of the self-check: usb:0, ...")
    parser.add_argument("--delegate", metavar="PATH", help="file of libedgetpu there")
    parser.add_argument(
        "--board",
        dest="steps",
        choices=BOARDS,
        help="whose steps the README has (default: by the run's device)",
    )
    parser.add_argument("--samples", type=int, default=SAMPLES, metavar="N", help="pictures")
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    return parser
