"""How a script ends: also where nobody reads on, and after Ctrl-C."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_INTERRUPTED, _NOBODY_READS = 130, 141  # as a shell counts: 128 and the number of the signal


def ended(main: Callable[[list[str]], int]) -> int:
    """Run a script on the words of its command line; return its exit status."""
    try:
        status = main(sys.argv[1:])
        sys.stdout.flush()
    except KeyboardInterrupt:
        return _INTERRUPTED
    except BrokenPipeError:  # such as `head`; Python flushes once more at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _NOBODY_READS
    return status
