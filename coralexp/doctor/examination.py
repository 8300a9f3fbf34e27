"""Every check, in the order in which they are told."""

from __future__ import annotations

from functools import partial
from itertools import starmap
from typing import TYPE_CHECKING

from coralexp.doctor.asked import what_is_asked
from coralexp.doctor.boards import boards_of, check_board
from coralexp.doctor.chosen_device import check_required
from coralexp.doctor.compiler import check_compiler
from coralexp.doctor.configuration import check_configuration
from coralexp.doctor.data import check_data
from coralexp.doctor.devices import check_devices
from coralexp.doctor.disk import check_disk
from coralexp.doctor.extras import check_tfds
from coralexp.doctor.finding import Finding
from coralexp.doctor.gpu import check_gpu
from coralexp.doctor.interpreter import check_python
from coralexp.doctor.libedgetpu import check_libedgetpu
from coralexp.doctor.mlflow_store import check_mlflow
from coralexp.doctor.packages import search_path
from coralexp.doctor.pycoral import check_pycoral
from coralexp.doctor.runtimes import check_runtimes
from coralexp.doctor.store_keys import check_store_keys
from coralexp.doctor.tensorflow_pair import check_tensorflow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coralexp.spec.experiment import Request


def examine(request: Request) -> list[Finding]:
    """Return what every check finds for a request.

    Raises:
        CoralexpError: If the request's device refuses its options.
    """
    found = list(starmap(_safely, _checks(request)))
    return [*found[:-1], *check_required(request), found[-1]]


def _checks(request: Request) -> Iterator[tuple[str, Callable[[], Finding]]]:
    asked = what_is_asked(request)
    here, machine = not request.machine.boards, request.machine
    needs = asked.needs_device and here  # else the board needs it, and the run asks there
    yield "Python", check_python
    yield "TensorFlow", check_tensorflow
    yield "GPU", check_gpu
    yield "MLflow", check_mlflow
    yield "store", lambda: check_disk(asked.store)
    yield "store keys", lambda: check_store_keys(asked.store)
    yield "CORALEXP_DATA", check_data
    yield "extra tfds", lambda: check_tfds(needed=asked.needs_tfds)
    yield (
        "edgetpu_compiler",
        lambda: check_compiler(machine.compiler, needed=asked.needs_compiler),
    )
    python = machine.python if here else None
    yield "TFLite runtimes", check_runtimes
    if python is not None:
        yield "TFLite runtimes", lambda: check_runtimes(python)
    yield "pycoral", lambda: check_pycoral(search_path(python))
    delegate = machine.delegate if here else None
    yield "libedgetpu", lambda: check_libedgetpu(delegate, needed=needs, python=python)
    yield "Edge TPU", lambda: check_devices(needed=needs)
    for board in boards_of(machine):
        yield f"board {board}", partial(check_board, board)
    yield "configuration", lambda: check_configuration(request)


def _safely(name: str, check: Callable[[], Finding]) -> Finding:
    """Return a check's finding; a bug in it is a finding, too: the others are told all the same."""
    try:
        return check()
    except Exception as error:  # noqa: BLE001 - as the docstring says
        text = f"the check failed ({type(error).__name__}: {error})"
        return Finding(name, "note", text, "this is a bug of coralexp")
