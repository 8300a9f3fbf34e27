"""Small graphs made by hand, in which a test says no more than it is about."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.edgetpu.rules.step import Step
from coralexp.edgetpu.rules.table import judge
from coralexp.tflite.graph import Graph, ModelFile, Operator, Quantization, Tensor

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from coralexp.edgetpu.rules.table import Verdict
    from coralexp.tflite.graph import Option

SCALE = Quantization((0.5,), (0,), 0)


@dataclass
class Network:
    """A graph that grows by one operator at a time."""

    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)
    inputs: list[int] = field(default_factory=list)

    def input(self, tensor: Tensor) -> int:
        """Add an input and return its index."""
        self.inputs.append(self.tensor(tensor))
        return self.inputs[-1]

    def tensor(self, tensor: Tensor) -> int:
        """Add a tensor and return its index."""
        self.tensors.append(tensor)
        return len(self.tensors) - 1

    def add(
        self,
        name: str,
        read: Sequence[int],
        output: Tensor | None = None,
        *,
        version: int = 1,
        options: dict[str, Option] | None = None,
        is_custom: bool = False,
    ) -> int:
        """Add an operator and return the index of what it writes."""
        written = self.tensor(Make.computed(1, 8, 8, 4) if output is None else output)
        at = len(self.operators)
        self.operators.append(
            Operator(
                at,
                name,
                version,
                tuple(read),
                (written,),
                options or {},
                is_custom=is_custom,
            )
        )
        return written

    def relu(self, read: int) -> int:
        """Add an operator that is mapped."""
        return self.add("RELU", [read])

    def leaky(self, read: int) -> int:
        """Add an operator that is not mapped."""
        return self.add("LEAKY_RELU", [read])

    def mirror_pad(self, read: int) -> int:
        """Add an operator of which nothing is known."""
        return self.add("MIRROR_PAD", [read])

    @property
    def graph(self) -> Graph:
        """The graph as it is now."""
        outputs = self.operators[-1].outputs if self.operators else ()
        return Graph("main", self.tensors, self.operators, tuple(self.inputs), outputs)

    @property
    def model(self) -> ModelFile:
        """A model of that graph alone."""
        return ModelFile(Path("made.tflite"), 0, "", (self.graph,))


class Make:
    """Makes tensors, networks, and what the rules say of one operator."""

    @staticmethod
    def computed(
        *shape: int, dtype: str = "int8", quantization: Quantization | None = SCALE
    ) -> Tensor:
        """Return a tensor that is not in the file."""
        return Tensor(
            "computed", shape, dtype, quantization if dtype in {"int8", "uint8"} else None
        )

    @staticmethod
    def constant(values: npt.ArrayLike, dtype: str = "int32", zero_point: int = 0) -> Tensor:
        """Return a tensor that is in the file."""
        array = np.asarray(values, dtype)
        quantization = (
            Quantization((0.5,), (zero_point,), 0) if dtype in {"int8", "uint8"} else None
        )
        data = memoryview(array.tobytes())
        return Tensor("constant", array.shape, dtype, quantization, data)

    @staticmethod
    def weights(*shape: int) -> Tensor:
        """Return int8 weights."""
        return Make.constant(np.ones(shape), "int8")

    @staticmethod
    def empty() -> Network:
        """Return a network without anything."""
        return Network()

    @staticmethod
    def network() -> tuple[Network, int]:
        """Return an empty network and the index of its input."""
        made = Network()
        return made, made.input(Make.computed(1, 8, 8, 4))

    @staticmethod
    def verdict(
        name: str,
        read: Sequence[Tensor | None],
        written: Tensor,
        *,
        is_custom: bool = False,
        **options: Option,
    ) -> Verdict:
        """Return what the rules say of one operator alone; None is an input that is left out."""
        tensors = [tensor for tensor in read if tensor is not None] + [written]
        indices = iter(range(len(tensors)))
        inputs = tuple(-1 if tensor is None else next(indices) for tensor in read)
        operator = Operator(0, name, 1, inputs, (len(tensors) - 1,), options, is_custom=is_custom)
        return judge(Step(Graph("main", tensors, [operator], (), ()), operator))


@pytest.fixture
def make() -> Make:
    """Return the maker of small graphs."""
    return Make()
