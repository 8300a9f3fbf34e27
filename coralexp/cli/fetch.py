"""`coralexp fetch`: data and weights of jobs, brought into a folder for a room without network."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.data_folder import SUMS, VARIABLE, collecting
from coralexp.artifacts.downloads import listening
from coralexp.cli.fetched import wanted
from coralexp.errors import ConfigError, CoralexpError, Problem
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.data_folder import Collection

_TOLD_EVERY_S = 2.0
_MEGABYTE = 1_000_000
_DESCRIPTION = f"""\
Download the data and weights that jobs need into a folder, with a list of their SHA-256.

  coralexp fetch experiment=NAME --to DIR
  coralexp fetch dataset=cifar10 backbone.weights=imagenet --to DIR

What is there already is checked and kept, what this machine has is copied, a download that was
broken off is gone on with. With {VARIABLE}=DIR the same jobs then need no network; DIR may have
been carried to another machine."""


def main(args: Sequence[str]) -> int:
    """Fill a folder with what jobs need.

    Args:
        args: Words behind `fetch`: those of a run, and `--to DIR`.

    Returns:
        0, or 1 if something could not be had; everything that could is there then.

    Raises:
        ConfigError: If the request is wrong.
    """
    given, rest = _parser().parse_known_args(args)
    folder = Path(given.to).expanduser()
    request = parse(rest, check=problems)
    needs = wanted(request)
    if not needs:
        _say("these jobs need no file from elsewhere")
        return 0
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError([Problem("--to", f"{folder}: {error.strerror}")]) from error
    failures: list[str] = []
    with collecting(folder) as collection, listening(_Teller()):
        for name, bring in needs.items():
            _say(name)
            before = set(collection.news)
            try:
                bring()
            except CoralexpError as error:
                failures.append(str(error))
                _say(f"  failed: {error}")
            for file in sorted(set(collection.news) - before):
                _say(_line(collection, file))
    if collection.files:
        size = sum((folder / name).stat().st_size for name in collection.files)
        _say(
            f"{len(collection.files)} files, {size / _MEGABYTE:.1f} MB, listed in {folder / SUMS}; "
            f"use them with {VARIABLE}={folder.absolute()}"
        )
    if failures:
        _say(f"{len(failures)} of {len(needs)} could not be had")
    return 1 if failures else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "coralexp fetch",
        usage="coralexp fetch [KEY=VALUE ...] --to DIR",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--to", metavar="DIR", required=True, help="the folder; made if absent")
    return parser


def _line(collection: Collection, name: str) -> str:
    size = (collection.folder / name).stat().st_size
    digest = collection.files[name]
    return f"  {name}  {size / _MEGABYTE:.1f} MB  sha256 {digest[:16]}...  {collection.news[name]}"


class _Teller:
    """Tells how far a download is, every now and then."""

    def __init__(self) -> None:
        self._told = time.monotonic()

    def __call__(self, here: int, total: int | None, name: str) -> None:
        if time.monotonic() - self._told < _TOLD_EVERY_S:
            return
        self._told = time.monotonic()
        of = "" if total is None else f" of {total / _MEGABYTE:.1f}"
        _say(f"  {name}: {here / _MEGABYTE:.1f}{of} MB")


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()
