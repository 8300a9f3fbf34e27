"""One side of a row in a fresh process, so that neither side finds what the other left.

    python fresh.py MODULE FUNCTION JSON

calls the function of a module of this folder with the arguments of a list.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from command import CommandError, environment

if TYPE_CHECKING:
    from collections.abc import Callable

    from promise import Json


def call(function: Callable[..., Json], *arguments: Json) -> dict[str, Json]:
    """Call a function in a process of its own.

    Returns:
        What the function returned, and `peak_bytes`, the largest resident memory of the process.

    Raises:
        CommandError: If it fails; with what it printed last.
    """
    command = [sys.executable, __file__, Path(function.__code__.co_filename).stem]
    done = subprocess.run(
        [*command, function.__name__, json.dumps(arguments)],
        env=environment() | {"TF_CPP_MIN_LOG_LEVEL": "2"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise CommandError(f"{' '.join(command)} {function.__name__}\n{done.stderr[-2000:]}")
    answer: dict[str, Json] = json.loads(done.stdout.splitlines()[-1])
    return answer


def main() -> None:
    """Serve one call."""
    module, name, arguments = sys.argv[1:]
    answer = getattr(importlib.import_module(module), name)(*json.loads(arguments))
    unit = 1 if sys.platform == "darwin" else 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
    print("\n" + json.dumps({**answer, "peak_bytes": peak}))


if __name__ == "__main__":
    main()
