"""`coralexp bundle`: the model of a run, as something that a person can start on a board."""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.bundle.contents import SAMPLES, board_of, contents_of, folder_name
from coralexp.bundle.files.bundled.classifier import EDGE_TPU
from coralexp.bundle.files.bundled.manifest import NAME
from coralexp.bundle.pages import BOARDS
from coralexp.bundle.written import check_target, write_bundle, zip_of
from coralexp.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

_DESCRIPTION = """\
Write a folder, and a zip file beside it, with the model of a run and scripts that classify pictures
(classify.py), show what a camera sees (camera.py) and measure (benchmark.py) on a board or a PC.

They need Python 3.7 or later, numpy, Pillow and a TFLite runtime, nothing of coralexp, take the
Edge TPU if there is one, and refuse a bundle that is damaged. The same run gives the same bytes."""
_EPILOG = """\
examples:
  coralexp bundle 20261123-165012 out/glyphs
  coralexp bundle 20261123-165012 out/glyphs --board dev_board --force
  coralexp bundle 20261123-165012 out/faces --samples 0     no picture leaves this machine
"""


def main(args: Sequence[str]) -> int:
    """Write a bundle.

    Args:
        args: The id of a run, and where to put it.

    Returns:
        0.

    Raises:
        ConfigError: If something is there already.
        UnknownRunError: If there is no such run.
        StoreError: If its model is no longer in the store, or the bundle cannot be written.
    """
    asked = _parser().parse_args(args)
    if asked.samples < 0:
        raise ConfigError([Problem("--samples", f"expected at least 0, got {asked.samples}")])
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    check_target(asked.out, force=asked.force)
    board = asked.board or board_of(record)
    files = contents_of(store, record, board, samples=asked.samples)
    write_bundle(files, asked.out, folder_name(record))
    manifest = json.loads(files[NAME])
    packed = zip_of(asked.out).read_bytes()
    why = manifest["models"].get("why_no_edgetpu")
    sys.stdout.write(
        f"{asked.out}: {len(files)} files for {board}, {len(manifest['samples'])} samples\n"
        f"{zip_of(asked.out)}: {len(packed) / 1024:.0f} KiB, sha256"
        f" {hashlib.sha256(packed).hexdigest()[:16]}...\n"
    )
    if manifest["models"][EDGE_TPU] is None:
        sys.stdout.write(f"note: no model for the Edge TPU in it: {why}\n")
    sys.stdout.write(f"try it: python3 {asked.out / 'classify.py'} --self-check\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp bundle",
        description=_DESCRIPTION,
        epilog=_EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("run", metavar="RUN_ID", help="id of a run, or enough of its start")
    parser.add_argument("out", type=Path, metavar="OUT", help="folder to write; OUT.zip beside it")
    parser.add_argument(
        "--board", choices=BOARDS, help="whose steps the README has (default: by the run's device)"
    )
    parser.add_argument(
        "--samples",
        type=int,
        default=SAMPLES,
        metavar="N",
        help="pictures of the test split for the self-check (default %(default)s)",
    )
    parser.add_argument("--force", action="store_true", help="replace a bundle that is there")
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    return parser
