"""Multiplications are counted by the definition of each operator."""

from __future__ import annotations

import pytest

from coralexp.tflite.graph import Tensor
from coralexp.tflite.macs import macs_of

LSTM_KERNELS = [(20, 28)] * 4 + [(20, 20)] * 4
LSTM_REST = [None] * 3 + [(20,)] * 4  # peepholes and biases


@pytest.mark.parametrize(
    ("name", "inputs", "output", "options", "macs"),
    [
        ("CONV_2D", [(1, 8, 8, 3), (16, 3, 3, 3)], (1, 4, 4, 16), {}, 3 * 3 * 3 * 16 * 16),
        ("CONV_2D", [(1, 8, 8, 4), (16, 1, 1, 2)], (1, 8, 8, 16), {}, 2 * 16 * 64),  # two groups
        ("DEPTHWISE_CONV_2D", [(1, 8, 8, 3), (1, 3, 3, 6)], (1, 8, 8, 6), {}, 9 * 6 * 64),
        ("FULLY_CONNECTED", [(1, 100), (10, 100)], (1, 10), {}, 1000),
        ("FULLY_CONNECTED", [(-1, 7, 100), (10, 100)], (-1, 7, 10), {}, 7000),
        (
            "TRANSPOSE_CONV",
            [(4,), (6, 3, 3, 5), (1, 4, 4, 5)],
            (1, 8, 8, 6),
            {},
            6 * 9 * 16 * 5,
        ),
        ("BATCH_MATMUL", [(2, 3, 5), (2, 5, 7)], (2, 3, 7), {}, 2 * 3 * 5 * 7),
        ("BATCH_MATMUL", [(2, 5, 3), (2, 5, 7)], (2, 3, 7), {"adj_x": True}, 2 * 3 * 5 * 7),
        (
            "CONV_3D",
            [(1, 4, 8, 8, 3), (2, 3, 3, 3, 16)],
            (1, 4, 8, 8, 16),
            {},
            2 * 9 * 3 * 16 * 256,
        ),
        (
            "CONV_3D_TRANSPOSE",
            [(5,), (2, 3, 3, 16, 3), (1, 4, 8, 8, 3)],
            (1, 8, 16, 16, 16),
            {},
            2 * 9 * 16 * 3 * 256,
        ),
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",
            [(1, 28, 28), *LSTM_KERNELS, *LSTM_REST, None, None],
            (1, 28, 20),
            {},
            28 * 4 * 20 * 48,
        ),
        (
            "UNIDIRECTIONAL_SEQUENCE_LSTM",  # with a projection
            [(1, 28, 28), *LSTM_KERNELS, *LSTM_REST, (10, 20), None],
            (1, 28, 10),
            {},
            28 * (4 * 20 * 48 + 200),
        ),
        ("LSTM", [(2, 6), (2, 4), (16, 10), (16,), (2, 4)], (2, 4), {}, 2 * 160),
        ("SVDF", [(3, 8), (4, 8), (4, 10)], (3, 2), {}, 3 * (32 + 40)),
        ("RNN", [(1, 8), (4, 8), (4, 4), (4,)], (1, 4), {}, 48),
        ("UNIDIRECTIONAL_SEQUENCE_RNN", [(1, 9, 8), (4, 8), (4, 4)], (1, 9, 4), {}, 9 * 48),
        ("ADD", [(1, 8, 8, 3), (1, 8, 8, 3)], (1, 8, 8, 3), {}, 0),
        ("CONV_2D", [(1, 8, 8, 3)], (1, 8, 8, 3), {}, 0),  # what has no kernel tells nothing
        ("FULLY_CONNECTED", [(1, 8), (8,)], (1, 8), {}, 0),
        ("CONV_2D", [(1, 8, 8, 3), None], (1, 8, 8, 3), {}, 0),
    ],
)
def test_each_kind_of_operator_counts_by_its_definition(
    name: str, inputs, output, options, macs: int
) -> None:
    shapes = [*inputs, output]
    tensors = [Tensor("", shape or (), "int8") for shape in shapes]
    indices = [-1 if shape is None else index for index, shape in enumerate(inputs)]

    assert macs_of(name, tensors, indices, [len(inputs)], options) == macs


def test_an_operator_without_outputs_has_none() -> None:
    assert macs_of("CONV_2D", [], [], [], {}) == 0
