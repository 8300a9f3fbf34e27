"""A .tflite file read without being run, within bounds that a hostile file cannot move."""

from __future__ import annotations

import mmap
import re
import struct
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from coralexp.errors import ModelFileError
from coralexp.tflite.graph import ABSENT, Graph, ModelFile, Operator, Quantization, Tensor
from coralexp.tflite.macs import macs_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from ai_edge_litert.schema_py_generated import Model, SubGraph

    from coralexp.tflite.graph import Option

_IDENTIFIER = b"TFL3"
_MOST_TABLES = 200_000  # operators, tensors, buffers and subgraphs; the largest models have 10,000
_MOST_ITEMS = 20_000_000  # numbers in vectors and characters of names, read in all


def read_graph(path: Path) -> Graph:
    """Return the main subgraph of a model.

    Raises:
        ModelFileError: If the file cannot be read or is no .tflite model.
    """
    return read_model_file(path).main


def read_model_file(path: Path) -> ModelFile:
    """Return what is in a model; constants stay in the file, which is mapped, not read.

    Raises:
        ModelFileError: If the file cannot be read or is no .tflite model.
    """
    from ai_edge_litert.schema_py_generated import Model

    data = _mapped(path)
    if data[4:8] != _IDENTIFIER:
        raise ModelFileError(f"{path}: is no TensorFlow Lite model (its identifier is not TFL3)")
    try:
        model = Model.GetRootAs(data, 0)
        reader = _Reader(data, model)
        return ModelFile(path, len(data), reader.text(model.Description()), reader.subgraphs())
    except (
        struct.error,
        IndexError,
        ValueError,
        TypeError,
        AttributeError,
        KeyError,
        OverflowError,
        MemoryError,
    ) as error:
        raise ModelFileError(f"{path}: is damaged ({type(error).__name__}: {error})") from error


def _mapped(path: Path) -> memoryview:
    try:
        with path.open("rb") as file:
            return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:  # an empty file cannot be mapped
        raise ModelFileError(f"{path}: is empty") from error


@dataclass
class _Reader:
    data: memoryview
    model: Model
    items: int = field(default=0, init=False)

    def subgraphs(self) -> tuple[Graph, ...]:
        count = _bounded(self.model.SubgraphsLength())
        if count == 0:
            raise ValueError("it has no subgraph")
        return tuple(self.graph(self.model.Subgraphs(index)) for index in range(count))

    def graph(self, subgraph: SubGraph) -> Graph:
        tensors = [
            self.tensor(subgraph, index) for index in range(_bounded(subgraph.TensorsLength()))
        ]
        operators = [
            self.operator(subgraph, tensors, index)
            for index in range(_bounded(subgraph.OperatorsLength()))
        ]
        inputs = self.ints(subgraph.InputsAsNumpy())
        outputs = self.ints(subgraph.OutputsAsNumpy())
        _check_indices((*inputs, *outputs), tensors)
        return Graph(self.text(subgraph.Name()), tensors, operators, inputs, outputs)

    def tensor(self, subgraph: SubGraph, index: int) -> Tensor:
        tensor = subgraph.Tensors(index)
        signature = self.ints(tensor.ShapeSignatureAsNumpy())
        return Tensor(
            self.text(tensor.Name()),
            signature or self.ints(tensor.ShapeAsNumpy()),
            _names("TensorType")[tensor.Type()].lower(),
            self.quantization(tensor.Quantization()),
            self.constant(tensor.Buffer()),
            bool(tensor.IsVariable()),
        )

    def quantization(self, stored: object) -> Quantization | None:
        if stored is None:
            return None
        scales = self.floats(stored.ScaleAsNumpy())  # type: ignore[attr-defined]
        if not scales:
            return None
        zero_points = self.ints(stored.ZeroPointAsNumpy())  # type: ignore[attr-defined]
        if len(zero_points) != len(scales):
            zero_points = (zero_points or (0,))[:1] * len(scales)
        return Quantization(scales, zero_points, int(stored.QuantizedDimension()))  # type: ignore[attr-defined]

    def constant(self, index: int) -> memoryview:
        if index == 0:  # empty by the format's definition; some files have no buffers at all
            return self.data[:0]
        if index >= _bounded(self.model.BuffersLength()):
            raise IndexError(f"no buffer {index}")
        buffer = self.model.Buffers(index)
        if buffer.Size():  # data behind the flatbuffer
            return self.slice(buffer.Offset(), buffer.Size())
        if buffer.DataIsNone():
            return self.data[:0]
        field_at = buffer._tab.Offset(4)  # noqa: SLF001 - the data where it lies, not a copy
        return self.slice(buffer._tab.Vector(field_at), buffer.DataLength())  # noqa: SLF001

    def slice(self, start: int, length: int) -> memoryview:
        if start < 0 or start + length > len(self.data):
            raise IndexError("data lies outside the file")
        return self.data[start : start + length]

    def operator(self, subgraph: SubGraph, tensors: Sequence[Tensor], index: int) -> Operator:
        operator = subgraph.Operators(index)
        if operator.OpcodeIndex() >= _bounded(self.model.OperatorCodesLength()):
            raise IndexError(f"no operator code {operator.OpcodeIndex()}")
        code = self.model.OperatorCodes(operator.OpcodeIndex())
        # Files of before 2020 know the first 127 operators only, in the older field.
        name = _names("BuiltinOperator")[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
        is_custom = name == "CUSTOM"
        if is_custom:
            name = self.text(code.CustomCode())
        inputs = self.ints(operator.InputsAsNumpy())
        outputs = self.ints(operator.OutputsAsNumpy())
        _check_indices((*inputs, *outputs), tensors)
        custom = self.data[:0]
        if not operator.CustomOptionsIsNone():
            field_at = operator._tab.Offset(14)  # noqa: SLF001 - the data where it lies
            start = operator._tab.Vector(field_at)  # noqa: SLF001
            custom = self.slice(start, operator.CustomOptionsLength())
        return Operator(
            index,
            name,
            code.Version(),
            inputs,
            outputs,
            self.options(operator),
            custom,
            is_custom,
            0 if is_custom else macs_of(name, tensors, inputs, outputs),
        )

    def options(self, operator: object) -> Mapping[str, Option]:
        from ai_edge_litert import schema_py_generated as schema

        table = operator.BuiltinOptions()  # type: ignore[attr-defined]
        kind = operator.BuiltinOptionsType()  # type: ignore[attr-defined]
        if table is None or kind == 0:
            return {}
        name = _names("BuiltinOptions")[kind]
        view = getattr(schema, name)()
        view.Init(table.Bytes, table.Pos)
        return {field: self.option(view, getter) for field, getter in _fields(name)}

    def option(self, view: object, getter: str) -> Option:
        if hasattr(view, f"{getter}AsNumpy"):
            return self.ints(getattr(view, f"{getter}AsNumpy")())
        value = getattr(view, getter)()
        if getter in _ENUMS:
            return _names(_ENUMS[getter]).get(value, str(value))
        if isinstance(value, bytes):
            return self.text(value)
        return value if isinstance(value, bool | int | float) else None

    def text(self, stored: bytes | None) -> str:
        self.charge(len(stored or b""))
        return (stored or b"").decode(errors="replace")

    def ints(self, array: object) -> tuple[int, ...]:
        """Return a flatbuffer vector; the generated code gives 0 for an absent one."""
        if isinstance(array, int):
            return ()
        self.charge(len(array))  # type: ignore[arg-type]
        return tuple(int(item) for item in array)  # type: ignore[attr-defined]

    def floats(self, array: object) -> tuple[float, ...]:
        """Return a flatbuffer vector; the generated code gives 0 for an absent one."""
        if isinstance(array, int):
            return ()
        self.charge(len(array))  # type: ignore[arg-type]
        return tuple(float(item) for item in array)  # type: ignore[attr-defined]

    def charge(self, items: int) -> None:
        self.items += items
        if self.items > _MOST_ITEMS:
            raise ValueError("its vectors are larger than any model's")


def _bounded(count: int) -> int:
    if count > _MOST_TABLES:
        raise ValueError(f"a list of {count} entries is longer than any model's")
    return count


def _check_indices(indices: Sequence[int], tensors: Sequence[Tensor]) -> None:
    if any(index != ABSENT and not 0 <= index < len(tensors) for index in indices):
        raise IndexError("an operator reads a tensor that is not there")


_ENUMS = {
    "Padding": "Padding",
    "FusedActivationFunction": "ActivationFunctionType",
    "WeightsFormat": "FullyConnectedOptionsWeightsFormat",
    "Mode": "MirrorPadMode",
    "InDataType": "TensorType",
    "OutDataType": "TensorType",
}


@cache
def _fields(options: str) -> tuple[tuple[str, str], ...]:
    """Return the fields of a table of options, each with the name of its getter."""
    from ai_edge_litert import schema_py_generated as schema

    methods = [name for name in vars(getattr(schema, options)) if name[0].isupper()]
    ends = ("AsNumpy", "Length", "IsNone")
    plain = [name for name in methods if not name.endswith(ends)]
    getters = [n for n in plain if n != "Init" and not n.startswith(("GetRoot", options))]
    return tuple((re.sub(r"(?<!^)(?=[A-Z])", "_", name).lower(), name) for name in getters)


@cache
def _names(enum: str) -> Mapping[int, str]:
    from ai_edge_litert import schema_py_generated

    members = vars(getattr(schema_py_generated, enum)).items()
    return {value: name for name, value in members if isinstance(value, int)}
