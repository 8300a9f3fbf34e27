"""A .tflite file read without being run, within bounds that a hostile file cannot move.

Numbers of fields are those of tensorflow/compiler/mlir/lite/schema/schema.fbs; a field keeps its
number for ever, new ones get new numbers, so files of older and newer schemas are read alike.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.errors import ModelFileError
from coralexp.tflite.flatbuffer import Flatbuffer, budget_for
from coralexp.tflite.graph import ABSENT, Graph, ModelFile, Operator, Quantization, Tensor
from coralexp.tflite.macs import macs_of
from coralexp.tflite.model_bytes import model_bytes
from coralexp.tflite.options import OptionsReader, names

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.tflite.flatbuffer import Table

_VERSION = 3  # of the schema; an interpreter refuses every other
_MOST_DIMENSIONS = 64  # NumPy's limit; TensorFlow Lite's operators know 8 at most
_INSIDE = (0, 1)  # offsets of data that lies in the flatbuffer; others count from the file's start


def read_graph(path: Path) -> Graph:
    """Return the main subgraph of a model.

    Raises:
        ModelFileError: If the file cannot be read or is no .tflite model.
    """
    return read_model_file(path).main


def read_model_file(path: Path) -> ModelFile:
    """Return what is in a model; constants are views into its bytes, see `model_bytes`.

    Raises:
        ModelFileError: If the file cannot be read or is no .tflite model.
    """
    data = model_bytes(path)
    try:
        model = Flatbuffer(data, budget_for(len(data))).root()
        return ModelFile(path, len(data), model.text(3), _Reader(model).subgraphs())
    except (ValueError, TypeError, struct.error) as error:  # the latter two are flatbuffers' own
        raise ModelFileError(f"{path}: is damaged ({error})") from error


@dataclass(frozen=True)
class _Code:
    name: str
    version: int
    is_custom: bool


@dataclass
class _Reader:
    model: Table
    options: OptionsReader = field(init=False)
    buffers: range = field(init=False)
    codes: list[_Code] = field(init=False)
    repetitions: dict[tuple[int, int], tuple[int, ...]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        version = self.model.uint32(0)
        if version != _VERSION:
            raise ValueError(f"it is of version {version} of the schema instead of {_VERSION}")
        self.options = OptionsReader(self.model.source.data)
        self.buffers = self.model.references(4)
        self.codes = [_code(code) for code in self.model.tables(1)]

    def subgraphs(self) -> tuple[Graph, ...]:
        graphs = tuple(self.graph(subgraph) for subgraph in self.model.tables(2))
        if not graphs:
            raise ValueError("it has no subgraph")
        return graphs

    def graph(self, subgraph: Table) -> Graph:
        tensors = [self.tensor(tensor) for tensor in subgraph.tables(0)]
        operators = [
            self.operator(operator, tensors, index)
            for index, operator in enumerate(subgraph.tables(3))
        ]
        inputs, outputs = subgraph.ints(1), subgraph.ints(2)
        _check_indices((*inputs, *outputs), tensors)
        return Graph(subgraph.text(4), tensors, operators, inputs, outputs)

    def tensor(self, tensor: Table) -> Tensor:
        shape = tensor.ints(7) or tensor.ints(0)
        if len(shape) > _MOST_DIMENSIONS:
            raise ValueError(f"a tensor of {len(shape)} dimensions")
        if shape and min(shape) < -1:
            raise ValueError(f"a tensor of {min(shape)} elements")
        dtype = names("TensorType").get(tensor.int8(1))
        if dtype is None:
            raise ValueError(f"a tensor of type {tensor.int8(1)}, which the schema does not know")
        return Tensor(
            tensor.text(3),
            shape,
            dtype.lower(),
            self.quantization(tensor.table(4)),
            self.constant(tensor.uint32(2)),
            bool(tensor.uint8(5)),
        )

    def quantization(self, stored: Table | None) -> Quantization | None:
        if stored is None:
            return None
        scales: tuple[float, ...] = stored.shared_numbers(2, "f")
        if not scales:
            return None
        zero_points = stored.shared_numbers(3, "q")
        if len(zero_points) != len(scales):
            zero_points = self.repeated((zero_points or (0,))[0], len(scales))
        return Quantization(scales, zero_points, stored.int32(6))

    def repeated(self, number: int, count: int) -> tuple[int, ...]:
        """Return one number many times; what is asked for twice takes memory once."""
        return self.repetitions.setdefault((number, count), (number,) * count)

    def constant(self, index: int) -> memoryview:
        source = self.model.source
        if index == 0:  # empty by the format's definition; some files have no buffers at all
            return source.data[:0]
        if index >= len(self.buffers):
            raise ValueError(f"a tensor's values lie in buffer {index} of {len(self.buffers)}")
        buffer = source.table(source.target(self.buffers[index]))
        offset, size = buffer.uint64(1), buffer.uint64(2)
        return buffer.vector(0) if offset in _INSIDE else source.slice(offset, size)

    def operator(self, operator: Table, tensors: Sequence[Tensor], index: int) -> Operator:
        place = operator.uint32(0)
        if place >= len(self.codes):
            raise ValueError(f"operator {index} has code {place} of {len(self.codes)}")
        code = self.codes[place]
        inputs, outputs = operator.ints(1), operator.ints(2)
        _check_indices((*inputs, *outputs), tensors)
        options = self.options.options(operator)
        return Operator(
            index,
            code.name,
            code.version,
            inputs,
            outputs,
            options,
            _custom_options(operator),
            code.is_custom,
            0 if code.is_custom else macs_of(code.name, tensors, inputs, outputs, options),
        )


def _code(code: Table) -> _Code:
    # Files of before 2020 know the first 127 operators only, in the older field.
    number = max(code.int32(3), code.int8(0))
    name = names("BuiltinOperator").get(number, f"BUILTIN_{number}")  # of a newer schema
    is_custom = name == "CUSTOM"
    return _Code(code.text(1) if is_custom else name, code.int32(2, 1), is_custom)


def _custom_options(operator: Table) -> memoryview:
    offset, size = operator.uint64(9), operator.uint64(10)
    return operator.vector(5) if offset in _INSIDE else operator.source.slice(offset, size)


def _check_indices(indices: Sequence[int], tensors: Sequence[Tensor]) -> None:
    if indices and not ABSENT <= min(indices) <= max(indices) < len(tensors):
        raise ValueError(f"tensor {max(indices)} of {len(tensors)} is read or written")
