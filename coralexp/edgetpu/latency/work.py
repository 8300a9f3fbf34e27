"""What an operator asks of the chip: arithmetic, parameters, activations, instructions.

The chip works on 64 output channels at once (16 tiles of 4 lanes) and stores parameters that way:
output channels are filled up to a multiple of 64, input channels to a multiple of 4, and each
output channel of a convolution carries 8 bytes more. The figures that compiler 16 prints for 68
convolution stacks and 146 dense stacks are met to the byte by these rules
(`layer_microbenchmarks.csv`; Jorgitou98/EdgeTPU-QuantRL-Evaluation at ecd386c).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.tflite.graph import ABSENT

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coralexp.tflite.graph import Graph, Operator

Kind = Literal["convolution", "depthwise", "broadcast", "window", "other", "free"]

_LANES = 64
_WORD = 4
_CHANNEL_BYTES = 8  # of each output channel of a convolution
# Fitted to the parameters of four compiled MobileNets (compiled_executables.csv), 3 x 3 kernels:
# 25.2 bytes a channel and 3.6 KB a layer; in proportion to the kernel's area elsewhere.
_DEPTHWISE_BYTES_PER_WEIGHT = 2.8
_DEPTHWISE_LAYER_BYTES = 3600

_WINDOW = frozenset({"MAX_POOL_2D", "AVERAGE_POOL_2D", "CONCATENATION", "PAD", "PADV2"})
_FREE = frozenset({"QUANTIZE", "RESHAPE", "SQUEEZE", "EXPAND_DIMS", "DEQUANTIZE"})
_TWO_OPERANDS = frozenset({"ADD", "SUB", "MUL", "MAXIMUM", "MINIMUM"})


@dataclass(frozen=True)
class Work:
    """What one operator asks of the chip.

    Attributes:
        kind: Whose constants apply.
        macs: Multiplications with addition, channels filled up as the chip does; plain for
            depthwise convolutions.
        parameter_bytes: As the chip stores them.
        activation_bytes: Of the computed tensors read and written, a byte a value.
    """

    kind: Kind
    macs: int = 0
    parameter_bytes: int = 0
    activation_bytes: int = 0


def work_of(graph: Graph, operator: Operator) -> Work:
    """Return what an operator asks of the chip; of one that it cannot run, what it would ask."""
    read = sum(t.elements for t in graph.inputs_of(operator) if not t.is_constant)
    activation_bytes = read + sum(tensor.elements for tensor in graph.outputs_of(operator))
    rule = _RULES.get(operator.name)
    if rule is not None and _has_kernel(graph, operator):
        kind, macs, parameter_bytes = rule(graph, operator)
        return Work(kind, macs, parameter_bytes, activation_bytes)
    return Work(_kind_without_kernel(graph, operator), activation_bytes=activation_bytes)


def _kind_without_kernel(graph: Graph, operator: Operator) -> Kind:
    if operator.name in _FREE:
        return "free"
    if operator.name in _WINDOW:
        return "window"
    if operator.name in _TWO_OPERANDS and any(t.is_constant for t in graph.inputs_of(operator)):
        return "broadcast"
    return "other"


def _has_kernel(graph: Graph, operator: Operator) -> bool:
    """Whether the second input, the kernel, is a constant of a rank that the rules know."""
    if len(operator.inputs) < 2 or operator.inputs[1] == ABSENT or not operator.outputs:  # noqa: PLR2004
        return False
    kernel = graph.tensors[operator.inputs[1]]
    ranks = {"FULLY_CONNECTED": 2, "UNIDIRECTIONAL_SEQUENCE_LSTM": 2}
    return len(kernel.shape) == ranks.get(operator.name, 4)


def _convolution(graph: Graph, operator: Operator) -> tuple[Kind, int, int]:
    outputs, height, width, inputs = map(abs, graph.tensors[operator.inputs[1]].shape)
    pixels = math.prod(map(abs, graph.tensors[operator.outputs[0]].shape[:-1]))
    weights = height * width * _up(inputs, _WORD) * _up(outputs, _LANES)
    return "convolution", pixels * weights, weights + _CHANNEL_BYTES * _up(outputs, _LANES)


def _transposed(graph: Graph, operator: Operator) -> tuple[Kind, int, int]:
    outputs, height, width, inputs = map(abs, graph.tensors[operator.inputs[1]].shape)
    source = graph.tensors[operator.inputs[-1 if len(operator.inputs) < 3 else 2]]  # noqa: PLR2004
    pixels = math.prod(map(abs, source.shape[:-1]))
    weights = height * width * _up(inputs, _WORD) * _up(outputs, _LANES)
    return "convolution", pixels * weights, weights + _CHANNEL_BYTES * _up(outputs, _LANES)


def _depthwise(graph: Graph, operator: Operator) -> tuple[Kind, int, int]:
    _, height, width, channels = map(abs, graph.tensors[operator.inputs[1]].shape)
    weights = _DEPTHWISE_BYTES_PER_WEIGHT * height * width * _up(channels, _LANES)
    return "depthwise", operator.macs, round(weights + _DEPTHWISE_LAYER_BYTES)


def _dense(graph: Graph, operator: Operator) -> tuple[Kind, int, int]:
    outputs, inputs = map(abs, graph.tensors[operator.inputs[1]].shape)
    weights = _up(inputs, _WORD) * _up(outputs, _LANES)
    rows = math.prod(map(abs, graph.tensors[operator.outputs[0]].shape[:-1]))
    return "convolution", rows * weights, weights


def _recurrent(graph: Graph, operator: Operator) -> tuple[Kind, int, int]:
    kernels = [graph.tensors[i] for i in operator.inputs[1:9] if i != ABSENT]
    weights = sum(
        _up(abs(kernel.shape[-1]), _WORD) * _up(abs(kernel.shape[0]), _LANES)
        for kernel in kernels
        if kernel.shape
    )
    steps = math.prod(map(abs, graph.tensors[operator.inputs[0]].shape[:-1]))
    return "convolution", steps * weights, weights


_RULES: Mapping[str, Callable[[Graph, Operator], tuple[Kind, int, int]]] = {
    "CONV_2D": _convolution,
    "TRANSPOSE_CONV": _transposed,
    "DEPTHWISE_CONV_2D": _depthwise,
    "FULLY_CONNECTED": _dense,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _recurrent,
}


def _up(count: int, multiple: int) -> int:
    """Return the next multiple."""
    return -(-count // multiple) * multiple
