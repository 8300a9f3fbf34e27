"""The process of one stage: `python -m coralexp.pipeline.worker`.

It reads one order (`coralexp.pipeline.messages`) from its standard input, and answers on standard
output: how far it is, and at last `done` or `failed`. What libraries print goes to standard error.

A fresh process a stage keeps memory from growing with the number of jobs, and a model's bytes from
depending on what was built before it. It ends when its parent does: its standard input closes then.
"""

from __future__ import annotations

import errno
import json
import os
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from coralexp.boards.failures import NoBoardError
from coralexp.errors import CoralexpError
from coralexp.pipeline.messages import Answer, ExportOrder, StageOrder, StepMessage

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step

# What befalls the store's disk, not the files that a stage reads.
STORE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EIO})


def main() -> None:
    """Serve one order."""
    channel = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what libraries print on standard output must not come between the answers
    if "--quiet" in sys.argv:
        warnings.simplefilter("ignore")
    if "--tensorflow" in sys.argv:  # imported ahead of the order, while another stage works
        from coralexp import tf_runtime  # noqa: F401
    line = sys.stdin.readline()
    if not line:
        return
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _tell(channel, _answer(json.loads(line), channel))


def _answer(order: StageOrder | ExportOrder, channel: TextIO) -> Answer:
    """Do the work; return what to tell of its end."""
    from coralexp.pipeline.work import Order, carry_out
    from coralexp.spec.stored import from_dict

    def progress(step: Step) -> None:
        facts = dict(step.facts)
        message = StepMessage(done=step.done, total=step.total, unit=step.unit, facts=facts)
        message["note"], message["lost"] = step.note, step.lost
        message["is_elsewhere"] = step.is_elsewhere
        _tell(channel, {"step": message})

    try:
        if order["kind"] == "export":
            from coralexp.pipeline.exporting import export

            export(order)
        else:
            plugins = tuple(order["plugins"])
            carry_out(
                order["stage"],
                Order(
                    experiment=from_dict(order["experiment"], plugins=plugins),
                    entries={name: Path(path) for name, path in order["entries"].items()},
                    folder=Path(order["folder"]),
                    threads=order["threads"],
                    plugins=plugins,
                    compiler=order["compiler"],
                    board=order["board"],
                    progress=progress,
                    checkpoint=Path(order["checkpoint"]) if "checkpoint" in order else None,
                ),
            )
    except NoBoardError as error:
        return {"failed": str(error), "no_board": True}
    except CoralexpError as error:
        return {"failed": str(error)}
    except OSError as error:
        if error.errno in STORE_ERRORS:
            return {"errno": error.errno}
        return {"failed": str(error)} if error.filename else _unexpected(error)
    except Exception as error:  # noqa: BLE001 - the parent tells what happened
        return _unexpected(error)
    return {"done": _peak_memory_bytes()}


def _unexpected(error: Exception) -> Answer:
    """Describe an error that nobody raised on purpose; memory that ran out has a remedy."""
    name = type(error).__name__
    if isinstance(error, MemoryError) or name == "ResourceExhaustedError":
        return {"failed": "memory ran out; try a smaller training.batch_size or image side"}
    wrapped = str(error)
    if "TrainingError" in wrapped:  # raised in a callback of Keras, which wraps some
        return {"failed": wrapped.rpartition("TrainingError: ")[2]}
    return {"failed": f"{name}: {error}", "traceback": traceback.format_exc()}


def _tell(channel: TextIO, message: Answer) -> None:
    try:
        print(json.dumps(message), file=channel, flush=True)
    except BrokenPipeError:  # the parent is gone, and nobody wants the work
        os._exit(1)


def _end_with_parent() -> None:
    sys.stdin.read()
    os._exit(1)


def _peak_memory_bytes() -> int | None:
    """Return the largest resident memory of this process; None where the system does not tell."""
    try:
        import resource
    except ImportError:  # Windows
        import psutil

        peak = getattr(psutil.Process().memory_info(), "peak_wset", None)
        return None if peak is None else int(peak)
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit


if __name__ == "__main__":
    main()
