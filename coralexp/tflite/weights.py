"""The trained constants of a .tflite file as real numbers: kernels and biases in operator order."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from coralexp.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path

    from ai_edge_litert.schema_py_generated import ModelT, OperatorT, SubGraphT, TensorT

Floats = npt.NDArray[np.float32]
Kind = Literal["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"]

VERSION = 1
_IDENTIFIER = b"TFL3"
_COMPILED = b"edgetpu-custom-op"
_MATRIX = 2
_IMAGES = 4


@dataclass(frozen=True)
class Constants:
    """What one operator holds.

    Attributes:
        kind: The operator.
        name: Of the kernel's tensor in the file.
        kernel: Real values: `[h, w, in, out]` of a convolution, `[h, w, in, multiplier]` of a
            depthwise one, `[in, out]` of a fully connected one.
        bias: Real values `[out]`, zeros if the operator has none.
    """

    kind: Kind
    name: str
    kernel: Floats
    bias: Floats


@dataclass(frozen=True)
class ModelConstants:
    """What a file holds.

    Attributes:
        layers: In the order in which they are computed.
        input_scale: Real input = scale * (pixel - zero point), pixel in [0, 255]; 0 if the input is
            of floats.
        input_zero_point: See `input_scale`.
    """

    layers: tuple[Constants, ...]
    input_scale: float
    input_zero_point: int


def read_constants(path: Path) -> ModelConstants:
    """Return the kernels and biases of a model, dequantized.

    Per-tensor and per-channel quantization, float16 behind a DEQUANTIZE, and float32 are understood
    (https://ai.google.dev/edge/litert/conversion/tensorflow/quantization/quantization_spec).

    Args:
        path: A .tflite file as the converter wrote it, not yet compiled for the Edge TPU.

    Raises:
        ModelFileError: If the file cannot be read, is damaged, or is compiled already.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error
    if data[4:8] != _IDENTIFIER:
        raise ModelFileError(
            f"{path}: not a TensorFlow Lite model (no {_IDENTIFIER.decode()} at byte 4)"
        )
    try:
        return _read(data)
    except ModelFileError as error:
        raise ModelFileError(f"{path}: {error}") from error
    except (
        struct.error,
        ValueError,
        TypeError,
        IndexError,
        KeyError,
        AttributeError,
        OverflowError,
        MemoryError,
    ) as error:
        raise ModelFileError(
            f"{path}: damaged ({type(error).__name__}: {error}); fetch or convert it again"
        ) from error


def _read(data: bytes) -> ModelConstants:
    from ai_edge_litert import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(data, 0))
    graph = model.subgraphs[0]
    reader = _Reader(model, graph)
    kinds: dict[int, Kind] = {
        schema.BuiltinOperator.CONV_2D: "CONV_2D",
        schema.BuiltinOperator.DEPTHWISE_CONV_2D: "DEPTHWISE_CONV_2D",
        schema.BuiltinOperator.FULLY_CONNECTED: "FULLY_CONNECTED",
    }
    layers: list[Constants] = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        if code.customCode == _COMPILED:
            raise ModelFileError(
                "compiled for the Edge TPU, so its weights are in the chip's own form; "
                "give the file from before the compiler"
            )
        # Files of before 2020 know the first 127 operators only, in the older field.
        kind = kinds.get(max(code.builtinCode, code.deprecatedBuiltinCode))
        if kind is not None:
            layers.append(reader.layer(kind, operator))
    scale, zero_point = _input_quantization(graph.tensors[graph.inputs[0]])
    return ModelConstants(tuple(layers), scale, zero_point)


def _input_quantization(tensor: TensorT) -> tuple[float, int]:
    from ai_edge_litert import schema_py_generated as schema

    if tensor.type not in {schema.TensorType.UINT8, schema.TensorType.INT8}:
        return 0.0, 0
    shift = 128 if tensor.type == schema.TensorType.INT8 else 0  # int8 stores pixel - 128
    return float(tensor.quantization.scale[0]), int(tensor.quantization.zeroPoint[0]) + shift


@dataclass(frozen=True)
class _Reader:
    model: ModelT
    graph: SubGraphT

    def layer(self, kind: Kind, operator: OperatorT) -> Constants:
        _, kernel_at, *rest = (int(i) for i in operator.inputs)
        name = self.graph.tensors[kernel_at].name.decode(errors="replace")
        kernel = self._real(kernel_at)
        expected = _MATRIX if kind == "FULLY_CONNECTED" else _IMAGES
        if kernel.ndim != expected:
            raise ModelFileError(f"damaged: kernel '{name}' of a {kind} is {list(kernel.shape)}")
        if kind == "CONV_2D":
            kernel = kernel.transpose(1, 2, 3, 0)
        elif kind == "DEPTHWISE_CONV_2D":
            _, height, width, outputs = kernel.shape
            multiplier = max(1, operator.builtinOptions.depthMultiplier)
            kernel = kernel.reshape(height, width, outputs // multiplier, multiplier)
        else:
            kernel = kernel.T
        outputs = kernel.shape[-1] * (kernel.shape[-2] if kind == "DEPTHWISE_CONV_2D" else 1)
        bias_at = rest[0] if rest else -1
        bias = self._real(bias_at) if bias_at >= 0 else np.zeros(outputs, np.float32)
        if bias.shape != (outputs,):
            raise ModelFileError(
                f"damaged: '{name}' has {outputs} outputs and a bias {list(bias.shape)}"
            )
        return Constants(kind, name, np.ascontiguousarray(kernel), bias)

    def _real(self, index: int) -> Floats:
        """Return a constant tensor as real values, looking through one DEQUANTIZE."""
        tensor = self.graph.tensors[index]
        data = self.model.buffers[tensor.buffer].data
        if data is None:
            for operator in self.graph.operators:  # float16 files keep each constant behind one
                if index in operator.outputs and len(operator.inputs) == 1:
                    tensor = self.graph.tensors[operator.inputs[0]]
                    data = self.model.buffers[tensor.buffer].data
        name = tensor.name.decode(errors="replace")
        if data is None or tensor.type not in _DTYPES:
            raise ModelFileError(f"the weights '{name}' are not stored as plain constants")
        stored = np.asarray(data, np.uint8).view(_DTYPES[tensor.type]).reshape(tensor.shape)
        quantization = tensor.quantization
        if quantization is None or quantization.scale is None or len(quantization.scale) == 0:
            if stored.dtype.kind != "f":
                raise ModelFileError(f"the weights '{name}' are integers without a scale")
            return stored.astype(np.float32)
        shape = [1] * stored.ndim
        if len(quantization.scale) > 1:
            shape[quantization.quantizedDimension] = -1
        scale = np.asarray(quantization.scale, np.float64).reshape(shape)
        zero_point = np.asarray(quantization.zeroPoint, np.int64).reshape(shape)
        return np.asarray(scale * (stored.astype(np.int64) - zero_point), np.float32)


# TensorType in schema.fbs: FLOAT32, FLOAT16, INT32, UINT8, INT64, INT8.
_DTYPES = {0: "<f4", 1: "<f2", 2: "<i4", 3: "<u1", 4: "<i8", 9: "<i1"}
