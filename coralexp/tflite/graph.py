"""What is in a .tflite file: operators and tensors, without running it."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.errors import ModelFileError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from ai_edge_litert.schema_py_generated import Model, SubGraph

INTEGER_DTYPES = frozenset({"uint8", "int8", "int16", "int32", "int64", "bool"})
_IDENTIFIER = b"TFL3"
_ABSENT = -1  # where an operator's optional input is left out


@dataclass(frozen=True)
class Tensor:
    """One tensor of a graph.

    Attributes:
        name: As the converter wrote it.
        shape: Sizes; -1 where the signature says that a size is known only at run time.
        dtype: Such as `int8`.
        bytes: Of the constant data; 0 for a tensor that is computed.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    bytes: int

    @property
    def is_constant(self) -> bool:
        """Whether the file holds the values."""
        return self.bytes > 0


@dataclass(frozen=True)
class Operator:
    """One step of a graph.

    Attributes:
        name: Builtin name such as `CONV_2D`, or the custom code.
        version: Of the operator's definition; the Edge TPU compiler refuses new ones.
        inputs: Tensor indices; -1 for an optional one that is absent.
        outputs: Tensor indices.
        macs: Multiplications with addition for one inference, of convolutions and dense layers; 0
            for every other operator.
    """

    name: str
    version: int
    inputs: tuple[int, ...]
    outputs: tuple[int, ...]
    macs: int


@dataclass(frozen=True)
class Graph:
    """The main subgraph of a model.

    Attributes:
        tensors: By index.
        operators: In the order of execution.
        inputs: Tensor indices.
        outputs: Tensor indices.
    """

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
        return sum(self.tensors[index].bytes for index in used)

    def real_valued(self) -> list[Tensor]:
        """Return the tensors that hold no integers: what keeps a model off the Edge TPU."""
        return [tensor for tensor in self.tensors if tensor.dtype not in INTEGER_DTYPES]

    def bytes_of(self, indices: Sequence[int]) -> int:
        """Return the bytes that computed tensors take, such as the inputs."""
        return sum(
            _WIDTH_BYTES.get(self.tensors[index].dtype, 4) * _size(self.tensors[index].shape)
            for index in indices
        )


_WIDTH_BYTES = {"uint8": 1, "int8": 1, "bool": 1, "int16": 2, "float16": 2, "int64": 8}


def read_graph(path: Path) -> Graph:
    """Return the main subgraph of a model.

    Raises:
        ModelFileError: If the file cannot be read or is no .tflite model.
    """
    from ai_edge_litert.schema_py_generated import Model

    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error
    if data[4:8] != _IDENTIFIER:
        raise ModelFileError(f"{path}: is no TensorFlow Lite model (its identifier is not TFL3)")
    try:
        model = Model.GetRootAs(data, 0)
        return _graph(model, model.Subgraphs(0))
    except (struct.error, IndexError, ValueError, TypeError, AttributeError, KeyError) as error:
        raise ModelFileError(f"{path}: is damaged ({type(error).__name__}: {error})") from error


def _graph(model: Model, subgraph: SubGraph) -> Graph:
    tensors = [_tensor(model, subgraph, index) for index in range(subgraph.TensorsLength())]
    operators = [_operator(model, subgraph, tensors, i) for i in range(subgraph.OperatorsLength())]
    inputs, outputs = _ints(subgraph.InputsAsNumpy()), _ints(subgraph.OutputsAsNumpy())
    used = {*inputs, *outputs}
    for operator in operators:
        used.update(index for index in (*operator.inputs, *operator.outputs) if index != _ABSENT)
    if any(not 0 <= index < len(tensors) for index in used):
        raise IndexError("an operator reads a tensor that is not there")
    return Graph(tensors, operators, inputs, outputs)


def _tensor(model: Model, subgraph: SubGraph, index: int) -> Tensor:
    tensor = subgraph.Tensors(index)
    signature = _ints(tensor.ShapeSignatureAsNumpy())
    name = tensor.Name()
    return Tensor(
        name.decode(errors="replace") if name else "",
        signature or _ints(tensor.ShapeAsNumpy()),
        _names("TensorType")[tensor.Type()].lower(),
        _constant_bytes(model, tensor.Buffer()),
    )


def _constant_bytes(model: Model, index: int) -> int:
    if index == 0:  # empty by the format's definition; some files have no buffers at all
        return 0
    if index >= model.BuffersLength():
        raise IndexError(f"no buffer {index}")
    buffer = model.Buffers(index)
    return int(max(buffer.DataLength(), buffer.Size()))  # the size of data behind the flatbuffer


def _operator(model: Model, subgraph: SubGraph, tensors: Sequence[Tensor], index: int) -> Operator:
    operator = subgraph.Operators(index)
    if operator.OpcodeIndex() >= model.OperatorCodesLength():
        raise IndexError(f"no operator code {operator.OpcodeIndex()}")
    code = model.OperatorCodes(operator.OpcodeIndex())
    builtin = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _names("BuiltinOperator")[builtin]
    if name == "CUSTOM":
        name = code.CustomCode().decode(errors="replace")
    inputs = _ints(operator.InputsAsNumpy())
    outputs = _ints(operator.OutputsAsNumpy())
    return Operator(name, code.Version(), inputs, outputs, _macs(name, tensors, inputs, outputs))


def _macs(
    name: str, tensors: Sequence[Tensor], inputs: Sequence[int], outputs: Sequence[int]
) -> int:
    """Return one multiplication for each weight and each place where it is used."""
    if name == "CONV_2D":  # kernel [F, kh, kw, C], output [N, h, w, F]
        return _size(tensors[inputs[1]].shape[1:]) * _size(tensors[outputs[0]].shape)
    if name == "DEPTHWISE_CONV_2D":  # kernel [1, kh, kw, F]
        return _size(tensors[inputs[1]].shape[1:3]) * _size(tensors[outputs[0]].shape)
    if name == "FULLY_CONNECTED":  # kernel [F, C]
        return tensors[inputs[1]].shape[1] * _size(tensors[outputs[0]].shape)
    if name == "TRANSPOSE_CONV":  # kernel [F, kh, kw, C], used once for each input element
        return _size(tensors[inputs[1]].shape[:3]) * _size(tensors[inputs[2]].shape)
    return 0


def _size(shape: Sequence[int]) -> int:
    size = 1
    for length in shape:
        size *= abs(length)  # -1 in a signature: one
    return size


def _ints(array: object) -> tuple[int, ...]:
    """Return a flatbuffer vector; the generated code gives 0 for an absent one."""
    return () if isinstance(array, int) else tuple(int(item) for item in array)  # type: ignore[attr-defined]


def _names(enum: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated

    if enum not in _ENUMS:
        members = vars(getattr(schema_py_generated, enum)).items()
        _ENUMS[enum] = {value: name for name, value in members if isinstance(value, int)}
    return _ENUMS[enum]


_ENUMS: dict[str, dict[int, str]] = {}
