"""Disks that are small, full or read-only: real ones, in a namespace of their own."""

from __future__ import annotations

import errno
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator


@dataclass(frozen=True)
class Disk:
    """A file system in memory that only processes in its namespace see.

    Attributes:
        folder: Where these processes find it.
        seen: Where this process does.
        through: Words that start a program in the namespace.
    """

    folder: Path
    seen: Path
    through: tuple[str, ...]

    def _as_root(self, *words: str) -> None:
        subprocess.run([*self.through, *words], check=True)

    def fill(self) -> None:
        """Leave no byte."""
        with (self.seen / "filler").open("ab", buffering=0) as filler:
            size = 1 << 16
            while size:
                try:
                    filler.write(bytes(size))
                except OSError as error:
                    if error.errno != errno.ENOSPC:
                        raise
                    size //= 2

    def empty(self) -> None:
        """Give back what `fill` took."""
        (self.seen / "filler").unlink()

    def protect(self, name: str) -> None:
        """Make a folder read-only, for root as well, from now on; open files stay open."""
        place = str(self.folder / name)
        self._as_root("mount", "--bind", place, place)
        self._as_root("mount", "-o", "remount,bind,ro", place)

    def unprotect(self, name: str) -> None:
        """Let it be written again."""
        self._as_root("umount", str(self.folder / name))


@contextmanager
def disk(folder: Path, size: str) -> Generator[Disk]:
    """Mount a disk of some size, such as `8m`, for a while."""
    if sys.platform != "linux" or not all(map(shutil.which, ("unshare", "nsenter", "mount"))):
        pytest.skip("needs unshare, nsenter and mount (Linux: util-linux)")
    folder.mkdir()
    script = f'mount -t tmpfs -o size={size} tmpfs "$1" && echo mounted && exec sleep 1000'
    command = ["unshare", "-rm", "sh", "-c", script, "sh", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        try:
            assert holder.stdout is not None
            if holder.stdout.readline() != "mounted\n":
                pytest.skip("needs the right to mount in a namespace of its own (unshare -rm)")
            enter = ("nsenter", "-t", str(holder.pid), "-U", "-m", "--preserve-credentials")
            seen = Path(f"/proc/{holder.pid}/root") / folder.relative_to("/")
            yield Disk(folder, seen, (*enter, f"--wd={seen}"))
        finally:
            holder.kill()
