"""How many multiplications an operator takes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.tflite.graph import Tensor


def macs_of(
    name: str, tensors: Sequence[Tensor], inputs: Sequence[int], outputs: Sequence[int]
) -> int:
    """Return the multiplications with addition: one for each weight and each place of its use.

    Args:
        name: Builtin name of the operator.
        tensors: Of its graph.
        inputs: Tensor indices.
        outputs: Tensor indices.

    Raises:
        IndexError: If the operator has too few tensors, or one of too low a rank.
    """
    if name == "CONV_2D":  # kernel [F, kh, kw, C], output [N, h, w, F]
        return _size(tensors[inputs[1]].shape[1:]) * _size(tensors[outputs[0]].shape)
    if name == "DEPTHWISE_CONV_2D":  # kernel [1, kh, kw, F]
        return _size(tensors[inputs[1]].shape[1:3]) * _size(tensors[outputs[0]].shape)
    if name == "FULLY_CONNECTED":  # kernel [F, C]
        return abs(tensors[inputs[1]].shape[1]) * _size(tensors[outputs[0]].shape)
    if name == "TRANSPOSE_CONV":  # kernel [F, kh, kw, C], used once for each input element
        return _size(tensors[inputs[1]].shape[:3]) * _size(tensors[inputs[2]].shape)
    if name == "BATCH_MATMUL":  # [..., M, K] by [..., K, N] gives [..., M, N]
        return abs(tensors[inputs[0]].shape[-1]) * _size(tensors[outputs[0]].shape)
    if name == "UNIDIRECTIONAL_SEQUENCE_LSTM":  # inputs 1 to 8 are the gates' kernels
        kernels = sum(tensors[index].elements for index in inputs[1:9] if index >= 0)
        return kernels * _size(tensors[inputs[0]].shape[:2])
    return 0


def _size(shape: Sequence[int]) -> int:
    return math.prod(abs(length) for length in shape)  # -1 in a signature: one
