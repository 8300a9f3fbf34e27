"""Whether a file is what the compiler makes of a model."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.edgetpu.executable import CUSTOM_OP
from coralexp.errors import ModelFileError
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from pathlib import Path

STUB_BYTES = 2048  # a failed compiler may leave about 1 KB: ultralytics/ultralytics#25068


@dataclass(frozen=True)
class OutputFile:
    """What lies where the compiled model should be.

    Attributes:
        size_bytes: Of the file; None if there is none.
        custom_ops: Operators in it that the Edge TPU runs.
        problem: Why it is no model at all; empty if it is one.
    """

    size_bytes: int | None
    custom_ops: int
    problem: str

    @property
    def is_compiled(self) -> bool:
        """Whether it is a model with a part for the Edge TPU."""
        return not self.problem and self.custom_ops > 0

    @property
    def said(self) -> str:
        """What the file says about the compilation, in words."""
        if self.problem:
            return self.problem
        if not self.custom_ops:
            return "a model without any part for the Edge TPU"
        return f"a compiled model of {self.size_bytes} bytes"


def look_at(path: Path) -> OutputFile:
    """Return what a file is, without trusting it."""
    try:
        size = path.stat().st_size
    except OSError:
        return OutputFile(None, 0, "no output file")
    if size <= STUB_BYTES:
        return OutputFile(size, 0, f"an output file of {size} bytes, a stub")
    try:
        model = read_model_file(path)
    except ModelFileError:
        return OutputFile(size, 0, "an output file that is no readable model")
    count = sum(
        operator.name == CUSTOM_OP and operator.custom_options.nbytes > 0
        for graph in model.subgraphs
        for operator in graph.operators
    )
    return OutputFile(size, count, "")
