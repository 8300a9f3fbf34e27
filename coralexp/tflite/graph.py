"""What is in a .tflite file, as plain values: tensors, operators, subgraphs."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

INTEGER_DTYPES = frozenset({"uint8", "int8", "int16", "int32", "int64", "bool"})
ABSENT = -1  # index of an optional input that is left out
UNKNOWN = -1  # size of a dimension that only the run tells

Option = bool | int | float | str | tuple[int, ...] | tuple[float, ...] | None

_LONGEST_NAME = 80  # characters of it in an error

_BITS = {
    "float64": 64,
    "int64": 64,
    "uint64": 64,
    "complex64": 64,
    "complex128": 128,
    "float16": 16,
    "bfloat16": 16,
    "int16": 16,
    "uint16": 16,
    "uint8": 8,
    "int8": 8,
    "bool": 8,
    "float8_e4m3fn": 8,
    "float8_e5m2": 8,
    "int4": 4,
    "uint4": 4,
    "int2": 2,
}
_NUMPY = frozenset({"float32", "float64", "float16", "int64", "uint64", "int32", "uint32"}) | {
    "int16",
    "uint16",
    "int8",
    "uint8",
    "bool",
}


@dataclass(frozen=True)
class Quantization:
    """How stored integers stand for real values: `scale * (stored - zero_point)`.

    All of it is as the file says: scales may be negative or no numbers, `axis` beyond the shape.

    Attributes:
        scales: One for the tensor, or one for each index along `axis`; at least one.
        zero_points: As many.
        axis: Dimension that the scales belong to; meaningless where there is one scale.
    """

    scales: tuple[float, ...]
    zero_points: tuple[int, ...]
    axis: int


@dataclass(frozen=True)
class Tensor:
    """One tensor of a graph.

    Attributes:
        name: As the converter wrote it.
        shape: At most 64 sizes; `UNKNOWN` (-1) where the signature says that only the run tells.
        dtype: Such as `int8`, in lower case.
        quantization: None if the tensor has no scale.
        data: The constant's bytes as they lie in the file; empty for a tensor that is computed.
        is_variable: Whether it keeps its value from one inference to the next, as a state does.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    quantization: Quantization | None = None
    data: memoryview = field(default=memoryview(b""), repr=False, compare=False)
    is_variable: bool = False

    @property
    def is_constant(self) -> bool:
        """Whether the file holds the values."""
        return self.constant_bytes > 0

    @property
    def constant_bytes(self) -> int:
        """Bytes of the values in the file; 0 for a tensor that is computed."""
        return self.data.nbytes

    @property
    def elements(self) -> int:
        """Number of values; an unknown dimension counts as one."""
        return math.prod(abs(size) for size in self.shape)

    @property
    def size_bytes(self) -> int:
        """Bytes that the values take in memory, whether they are constant or computed."""
        return -(-self.elements * _BITS.get(self.dtype, 32) // 8)

    def values(self) -> npt.NDArray[np.generic]:
        """Return the constant's values in the tensor's shape, without copying them.

        Raises:
            ModelFileError: If the file does not hold them, or not in a dtype of NumPy's, or not as
                many bytes as the shape needs.
        """
        name = f"tensor {self.name[:_LONGEST_NAME]!r}"
        if not self.is_constant:
            raise ModelFileError(f"{name} is computed: the file holds no values of it")
        if self.dtype not in _NUMPY:
            raise ModelFileError(f"{name} is of {self.dtype}, which cannot be read as an array")
        if min(self.shape, default=0) < 0 or self.constant_bytes != self.size_bytes:
            raise ModelFileError(
                f"{name} holds {self.constant_bytes} bytes; its shape {list(self.shape)} of "
                f"{self.dtype} takes {self.size_bytes}"
            )
        return np.frombuffer(self.data, self.dtype).reshape(self.shape)


@dataclass(frozen=True)
class Operator:
    """One step of a graph.

    Attributes:
        index: Place in the order of execution, from 0.
        name: Builtin name such as `CONV_2D`, or the custom code; `BUILTIN_` and a number for one
            that came after the installed schema.
        version: Of the operator's definition; the Edge TPU compiler refuses new ones.
        inputs: Tensor indices; `ABSENT` (-1) for an optional one that is left out.
        outputs: Tensor indices.
        options: Builtin options by their names in the schema, such as `stride_h`, enumerations by
            their words, such as `padding` to `SAME`; empty if there are none.
        custom_options: Bytes that a custom operator carries.
        is_custom: Whether `name` is a custom code.
        macs: Multiplications with addition for one inference, of convolutions, dense layers,
            products of matrices and recurrent layers; 0 for every other operator.
    """

    index: int
    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    options: Mapping[str, Option] = field(default_factory=dict)
    custom_options: memoryview = field(default=memoryview(b""), repr=False, compare=False)
    is_custom: bool = False
    macs: int = 0


@dataclass(frozen=True)
class Graph:
    """One subgraph of a model.

    Attributes:
        name: Of the subgraph, mostly `main`.
        tensors: By index.
        operators: In the order of execution.
        inputs: Tensor indices.
        outputs: Tensor indices.
    """

    name: str
    tensors: Sequence[Tensor]
    operators: Sequence[Operator]
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]

    @property
    def macs(self) -> int:
        """Multiplications with addition for one inference, see `Operator`."""
        return sum(operator.macs for operator in self.operators)

    @property
    def parameter_bytes(self) -> int:
        """Bytes of every constant that an operator reads, each counted once."""
        used = {index for operator in self.operators for index in operator.inputs if index >= 0}
        return sum(self.tensors[index].constant_bytes for index in used)

    def inputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator reads; those left out are left out here, too."""
        return [self.tensors[index] for index in operator.inputs if index != ABSENT]

    def outputs_of(self, operator: Operator) -> list[Tensor]:
        """Return the tensors that an operator writes."""
        return [self.tensors[index] for index in operator.outputs if index != ABSENT]

    def parameter_bytes_of(self, operator: Operator) -> int:
        """Return the bytes of the constants that an operator reads."""
        return sum(tensor.constant_bytes for tensor in self.inputs_of(operator))

    def activation_bytes_of(self, operator: Operator) -> int:
        """Return the bytes of the computed tensors that an operator reads and writes."""
        read = sum(t.size_bytes for t in self.inputs_of(operator) if not t.is_constant)
        return read + sum(tensor.size_bytes for tensor in self.outputs_of(operator))

    def real_valued(self) -> list[Tensor]:
        """Return the tensors that hold no integers: what keeps a model off the Edge TPU."""
        return [tensor for tensor in self.tensors if tensor.dtype not in INTEGER_DTYPES]

    def bytes_of(self, indices: Sequence[int]) -> int:
        """Return the bytes that tensors take in memory, such as those of `inputs`."""
        return sum(self.tensors[index].size_bytes for index in indices if index != ABSENT)


@dataclass(frozen=True)
class ModelFile:
    """A .tflite file.

    Attributes:
        path: Where it is.
        size_bytes: Of the file.
        description: What the converter says of it; may be empty.
        subgraphs: At least one; the first is the main one.
    """

    path: Path
    size_bytes: int
    description: str
    subgraphs: tuple[Graph, ...]

    @property
    def main(self) -> Graph:
        """The subgraph that an interpreter runs."""
        return self.subgraphs[0]
