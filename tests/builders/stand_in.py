"""A stand-in for libedgetpu, built by this machine's C compiler."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

SOURCE = Path(__file__).with_name("stand_in_delegate.c")


def build(folder: Path, *, fail_at: str = "NOWHERE", invoke_us: int = 0, first_us: int = 0) -> Path:
    """Return a library that takes compiled models and answers after a set time.

    Args:
        folder: Where to.
        fail_at: Where it fails: the names are in its source.
        invoke_us: How long an inference takes, in microseconds.
        first_us: How long the first takes.
    """
    compiler = shutil.which("cc") or shutil.which("gcc")
    if compiler is None:
        pytest.skip("no C compiler; apt-get install gcc brings one")
    library = folder / fail_at.lower() / "libedgetpu.so.1"
    library.parent.mkdir(parents=True)
    defines = {
        "FAIL_AT": f"FAIL_{fail_at}",
        "INVOKE_US": invoke_us,
        "FIRST_US": first_us or invoke_us,
    }
    words = [f"-D{name}={value}" for name, value in defines.items()]
    command = [compiler, "-shared", "-fPIC", "-O1", *words, str(SOURCE), "-o", str(library)]
    subprocess.run(command, check=True)
    return library
