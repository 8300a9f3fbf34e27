"""A configuration chooses six parts; pure stages turn that choice into artifacts; observers listen.

Each room imports only from the rooms below it:

    cli                      what a user can say: one file a verb
    doctor                   what is here, and what to do about what is not
    tracking | report | bundle
                             MLflow and the console; tables and pictures; what goes to a board
    pipeline                 in which order, what to reuse, who is told
    stages                   from dataset to measure: one function a file
    datasets | backbones | heads | quant | devices | training | boards
                             the parts: a contract, and one file a choice; boards that measure
    edgetpu                  the chip
    tflite                   the file that runs on it
    spec | artifacts         what was asked; what was made, and the store
    errors | tf_runtime      every exception raised on purpose; the only door to TensorFlow
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.cli.inspect import inspect_model
    from coralexp.cli.run import run

__all__ = ["inspect_model", "run"]


def __getattr__(name: str) -> object:
    """Import a function when asked: every room imports this package, and they import the rooms."""
    homes = {"inspect_model": "coralexp.cli.inspect", "run": "coralexp.cli.run"}
    if name in homes:
        function: object = getattr(importlib.import_module(homes[name]), name)
        return function
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
