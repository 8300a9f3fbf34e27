"""The gate: one operator that is newer than the compiler rejects the whole model.

Compiler 16 of July 2021 is of the time of TensorFlow 2.5, to which its runtime ("Grouper") is
pinned (google-coral/libedgetpu, workspace.bzl). The newest versions that TensorFlow Lite 2.5 knows
are those of tensorflow/lite/tools/versioning/runtime_version.cc whose runtime is 2.5.0 or older.
Every public rejection agrees: CONV_2D 6 (google-coral/edgetpu#631), TRANSPOSE_CONV 4 (#845),
QUANTIZE 3 (#879), EXP 2 (google-coral/libedgetpu#71), GELU (#667, #818).
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from coralexp.edgetpu.placement import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from coralexp.tflite.graph import ModelFile, Operator

_LAST_CODE = 139  # HASHTABLE_SIZE; REDUCE_ALL, 140, came with TensorFlow 2.6
_NEWEST = {
    1: """ADD_N CALL_ONCE CAST CEIL COMPLEX_ABS CONV_3D COS CUMSUM DENSIFY ELU
        EMBEDDING_LOOKUP_SPARSE EXP EXPAND_DIMS FLOOR FLOOR_MOD HARD_SWISH HASHTABLE
        HASHTABLE_FIND HASHTABLE_IMPORT HASHTABLE_LOOKUP HASHTABLE_SIZE IF IMAG L2_POOL_2D
        LOCAL_RESPONSE_NORMALIZATION LOG LOGICAL_AND LOGICAL_NOT LOGICAL_OR LSH_PROJECTION
        MATRIX_DIAG MATRIX_SET_DIAG NEG NON_MAX_SUPPRESSION_V4 NON_MAX_SUPPRESSION_V5 ONE_HOT POW
        PRELU RANGE RANK REAL REDUCE_ANY REDUCE_PROD RELU_N1_TO_1 RESHAPE REVERSE_SEQUENCE RFFT2D
        ROUND SCATTER_ND SEGMENT_SUM SELECT_V2 SHAPE SIN SKIP_GRAM SQRT SQUARE UNIQUE WHERE WHILE
        ZEROS_LIKE""",
    2: """ARG_MAX ARG_MIN DEPTH_TO_SPACE DIV FAKE_QUANT FLOOR_DIV GREATER GREATER_EQUAL
        L2_NORMALIZATION LEAKY_RELU LESS LESS_EQUAL LOG_SOFTMAX MIRROR_PAD QUANTIZE RSQRT SELECT
        SPACE_TO_DEPTH SPLIT_V SQUARED_DIFFERENCE SQUEEZE SUM TILE TOPK_V2""",
    3: """ABS ADD AVERAGE_POOL_2D BATCH_TO_SPACE_ND BIDIRECTIONAL_SEQUENCE_LSTM
        BIDIRECTIONAL_SEQUENCE_RNN BROADCAST_TO CONCATENATION EMBEDDING_LOOKUP EQUAL FILL
        GATHER_ND LOGISTIC MAX_POOL_2D MEAN NOT_EQUAL PACK PAD PADV2 REDUCE_MAX REDUCE_MIN RELU
        RELU6 REVERSE_V2 RNN SOFTMAX SPACE_TO_BATCH_ND SPARSE_TO_DENSE TANH TRANSPOSE_CONV
        UNIDIRECTIONAL_SEQUENCE_LSTM UNIDIRECTIONAL_SEQUENCE_RNN""",
    4: """BATCH_MATMUL DEQUANTIZE LSTM MAXIMUM MINIMUM MUL RESIZE_BILINEAR
        RESIZE_NEAREST_NEIGHBOR SPLIT SVDF UNPACK""",
    5: "CONV_2D GATHER SLICE STRIDED_SLICE SUB TRANSPOSE",
    6: "DEPTHWISE_CONV_2D",
    9: "FULLY_CONNECTED",
}
NEWEST_VERSION: Mapping[str, int] = {
    name: version for version, names in _NEWEST.items() for name in names.split()
}
"""The newest version of each operator that compiler 16 knows."""

_NOT_FOUND = (
    "ERROR: Didn't find op for builtin opcode '{name}' version '{version}'. An older version of "
    "this builtin might be supported. Are you using an old TFLite binary with a newer model?"
)
_OUT_OF_RANGE = (
    "ERROR: Op builtin_code out of range: {code}. Are you using old TFLite binary with newer model?"
)
_OLDER_CONVERTER = "convert with an older TensorFlow (2.8 or before writes older versions)"
_ADVICE = {
    "TRANSPOSE_CONV": "use nearest-neighbor upsampling and a convolution, or convert with "
    "converter.experimental_new_converter = False, or with TensorFlow 2.8 or before",
    "FULLY_CONNECTED": "quantize dense layers per tensor "
    "(converter._experimental_disable_per_channel_quantization_for_dense_layers = True), or "
    "convert with TensorFlow 2.8 or before",
    "TILE": "upsample with tf.keras.layers.Resizing(interpolation='nearest') or "
    "tf.image.resize instead of UpSampling2D, and let ADD and MUL broadcast",
    "EXP": "leave the exponential to the program that reads the output, or use SOFTMAX or LOGISTIC",
    "GELU": "train with ReLU or ReLU6 instead of GELU",
}


def version_rejections(model: ModelFile) -> Iterator[Rejection]:
    """Yield a rejection for each operator, of any subgraph, that is newer than compiler 16."""
    seen = set()
    for graph in model.subgraphs:
        for operator in graph.operators:
            key = (operator.name, operator.version)
            if not operator.is_custom and key not in seen:
                seen.add(key)
                yield from _rejection(operator)


def _rejection(operator: Operator) -> Iterator[Rejection]:
    name, version = operator.name, operator.version
    code = _codes().get(name, 0)
    if code > _LAST_CODE:
        yield Rejection(
            _OUT_OF_RANGE.format(code=code),
            f"{name} was added to TensorFlow Lite after 2.5, the newest that compiler 16 knows.",
            _ADVICE.get(name, f"replace {name} by operators that TensorFlow 2.5 has"),
        )
    elif version > NEWEST_VERSION.get(name, version):
        yield Rejection(
            _NOT_FOUND.format(name=name, version=version),
            f"{name} has version {version}; compiler 16 knows up to {NEWEST_VERSION[name]}.",
            _ADVICE.get(name, _OLDER_CONVERTER),
        )


@cache
def _codes() -> Mapping[str, int]:
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    return {name: code for name, code in vars(BuiltinOperator).items() if isinstance(code, int)}
