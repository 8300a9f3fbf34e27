"""Which operators the compiler maps, which it does not, and of which there is no evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import NOT_SUPPORTED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_SUPPORTED = """
    ADD AVERAGE_POOL_2D CONCATENATION CONV_2D DEPTHWISE_CONV_2D EXPAND_DIMS FULLY_CONNECTED
    L2_NORMALIZATION LOGISTIC MAXIMUM MAX_POOL_2D MEAN MINIMUM MUL PACK PAD PRELU QUANTIZE
    REDUCE_MAX REDUCE_MIN RELU RELU6 RELU_N1_TO_1 RESHAPE RESIZE_BILINEAR RESIZE_NEAREST_NEIGHBOR
    RSQRT SLICE SOFTMAX SPACE_TO_DEPTH SPLIT SQUARED_DIFFERENCE SQUEEZE STRIDED_SLICE SUB SUM TANH
    TILE TRANSPOSE TRANSPOSE_CONV UNIDIRECTIONAL_SEQUENCE_LSTM"""
SUPPORTED = frozenset(_SUPPORTED.split())
"""Of Coral's published list, and TILE, which was seen mapped."""

_ARITHMETIC = "leave it to the program that reads the output"
_INDEXING = "use STRIDED_SLICE or SPLIT with constant positions, or leave it to the program"
NOT_MAPPED = {
    "ARG_MAX": "end the model at the scores and take the largest where the output is read",
    "ARG_MIN": "end the model at the scores and take the smallest where the output is read",
    "TOPK_V2": "end the model at the scores and sort where the output is read",
    "GATHER": _INDEXING,
    "GATHER_ND": _INDEXING,
    "UNPACK": "use SPLIT, or unroll no loop: let Keras' LSTM become one "
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "LEAKY_RELU": "train with ReLU, ReLU6, or PReLU with shared_axes=[1, 2]",
    "ELU": "train with ReLU, or PReLU with shared_axes=[1, 2]",
    # Written as x * relu6(x + 3) / 6, the converter makes the same operator of it.
    "HARD_SWISH": "train with ReLU6; of MobileNetV3 take the minimalistic variant",
    "LOCAL_RESPONSE_NORMALIZATION": "it has no integer form, so that it computes in floating point "
    "on the CPU; train with batch normalization, which folds into the convolution before it",
    "GELU": "train with ReLU or ReLU6 instead",
    "BATCH_MATMUL": "multiply by constants with a dense layer or a 1x1 convolution; attention "
    "has no counterpart on the Edge TPU",
    "EXP": "use SOFTMAX or LOGISTIC, or leave it to the program that reads the output",
    "DEQUANTIZE": "at the model's end set inference_output_type=tf.uint8, so that it gives "
    "integers; inside it, replace the operator behind, which has no integer form",
    "CAST": "let the model take and give 8-bit integers, and cast outside of it",
    "FLOOR_DIV": _ARITHMETIC,
    "FLOOR_MOD": _ARITHMETIC,
    "DIV": "multiply by the reciprocal, as a constant, instead",
    "SQRT": _ARITHMETIC,
    "DEPTH_TO_SPACE": "use RESIZE_NEAREST_NEIGHBOR or a transposed convolution to upsample",
    "SPLIT_V": "split into equal parts, or take parts out by STRIDED_SLICE",
}
"""Operators that the compiler leaves to the CPU, and what to do instead."""

_SOURCE = (
    "https://coral.ai/docs/edgetpu/models-intro/#supported-operations; operator logs of compilers "
    "15 and 16; google-coral/edgetpu#31, #272, #386, #508, #659; hhk7734/tensorflow-yolov4; "
    "google-coral/test_data"
)


def is_supported(step: Step) -> bool | None:
    """The operator is one of those that the compiler is known to map."""
    if step.operator.is_custom:
        return None  # detection post-processing is told apart by what it writes
    if step.name in SUPPORTED:
        return True
    return False if step.name in NOT_MAPPED else None


def advice_for(name: str) -> str:
    """Return what to use instead of an operator; empty if nothing is known."""
    return NOT_MAPPED.get(name, "")


SUPPORT = rule(
    is_supported,
    NOT_SUPPORTED,
    "replace it by one of the supported operators, or end the model before it",
    source=_SOURCE,
)
