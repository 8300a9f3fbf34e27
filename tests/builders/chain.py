"""Small networks of constants that hold no values that matter, wholly on the chip unless said."""

from __future__ import annotations

from dataclasses import dataclass, field

from coralexp.edgetpu.placement import OperatorPlacement, Placement
from coralexp.tflite.graph import Graph, Operator, Tensor
from coralexp.tflite.macs import macs_of


@dataclass
class Chain:
    """One operator behind another."""

    shape: tuple[int, ...]
    tensors: list[Tensor] = field(default_factory=list)
    operators: list[Operator] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tensors.append(Tensor("input", self.shape, "int8"))
        self.last = 0

    def add(
        self,
        name: str,
        shape: tuple[int, ...],
        kernel: tuple[int, ...] | None = None,
        read: tuple[int, ...] | None = None,
    ) -> Chain:
        """Append an operator that reads the last result, or others; `last` is its own."""
        inputs = [self.last] if read is None else list(read)
        if kernel is not None:
            elements = 1
            for size in kernel:
                elements *= size
            self.tensors.append(Tensor("kernel", kernel, "int8", None, memoryview(bytes(elements))))
            inputs.append(len(self.tensors) - 1)
        self.tensors.append(Tensor(f"result {len(self.operators)}", shape, "int8"))
        self.last = len(self.tensors) - 1
        macs = macs_of(name, self.tensors, inputs, [self.last], {})
        number = len(self.operators)
        self.operators.append(Operator(number, name, 1, tuple(inputs), (self.last,), macs=macs))
        return self

    def conv(self, filters: int, size: int = 3) -> Chain:
        """Append a convolution that keeps height and width."""
        *pixels, channels = self.tensors[self.last].shape
        return self.add("CONV_2D", (*pixels, filters), (filters, size, size, channels))

    def dense(self, units: int) -> Chain:
        """Append a dense layer."""
        rows, values = self.tensors[self.last].shape
        return self.add("FULLY_CONNECTED", (rows, units), (units, values))

    def graph(self) -> Graph:
        """Return what was built."""
        return Graph("main", self.tensors, self.operators, (0,), (self.last,))


def placed(graph: Graph, *cpu: int, unknown: tuple[int, ...] = ()) -> Placement:
    """Return a placement with all operators on the chip but those named."""

    def where(index: int) -> str:
        return "cpu" if index in cpu else "unknown" if index in unknown else "edgetpu"

    return Placement(
        (),
        tuple(
            OperatorPlacement(o.index, o.name, o.version, where(o.index), "")  # type: ignore[arg-type]
            for o in graph.operators
        ),
    )
