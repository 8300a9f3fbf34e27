"""What C++ code writes on standard error can be kept from the terminal for a while."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import os, sys
from coralexp.tflite.quiet import quiet_stderr

os.write(2, b"before ")
try:
    with quiet_stderr():
        os.write(2, b"hidden ")
        sys.stderr.write("hidden, too, without a line's end ")
        raise ValueError
except ValueError:
    os.write(2, b"after")
"""


def test_nothing_is_written_meanwhile_and_everything_afterwards() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True
    )

    assert ended.stderr == "before after"
