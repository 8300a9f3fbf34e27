"""A model with its equal vectors shared is the same model in fewer bytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.tflite.compact import share_vectors

if TYPE_CHECKING:
    from pathlib import Path

NAMES = [
    "tf2_mobilenet_v2_1.0_224_ptq.tflite",
    "mobilenet_v1_0.25_128_quant.tflite",
    "keras_lstm_mnist_ptq.tflite",
]


@pytest.fixture(params=NAMES)
def data(request: pytest.FixtureRequest, shared: Path) -> bytes:
    return (shared / "edgetpu" / "models" / request.param).read_bytes()


def equal(one: object, other: object) -> bool:
    """Return whether two trees of the schema's objects hold the same."""
    if isinstance(one, np.ndarray):
        return isinstance(other, np.ndarray) and one.dtype == other.dtype and (one == other).all()
    if isinstance(one, list):
        return len(one) == len(other) and all(map(equal, one, other))
    if hasattr(one, "__dict__"):
        return type(one) is type(other) and all(
            equal(value, vars(other)[name]) for name, value in vars(one).items()
        )
    return one == other


def answer(data: bytes) -> np.ndarray:
    """Return what a model says of noise."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=data)
    interpreter.allocate_tensors()
    end = interpreter.get_input_details()[0]
    noise = np.random.default_rng(0).integers(0, 100, end["shape"]).astype(end["dtype"])
    interpreter.set_tensor(end["index"], noise)
    interpreter.invoke()
    return interpreter.get_tensor(interpreter.get_output_details()[0]["index"])


def test_nothing_of_the_model_changes(data: bytes) -> None:
    from ai_edge_litert.schema_py_generated import Model, ModelT

    before = ModelT.InitFromObj(Model.GetRootAs(data, 0))
    after = ModelT.InitFromObj(Model.GetRootAs(share_vectors(data), 0))

    assert equal(before, after)


def test_the_answers_are_the_same(data: bytes) -> None:
    assert np.array_equal(answer(data), answer(share_vectors(data)))


def test_a_model_quantized_by_channel_shrinks(shared: Path) -> None:
    data = (shared / "edgetpu" / "models" / NAMES[0]).read_bytes()

    assert len(share_vectors(data)) < 0.95 * len(data)


def test_twice_is_as_once(data: bytes) -> None:
    once = share_vectors(data)

    assert share_vectors(once) == once


def test_constants_begin_where_the_schema_wants_them(data: bytes) -> None:
    from ai_edge_litert.schema_py_generated import Model

    after = np.frombuffer(share_vectors(data), np.uint8)
    model = Model.GetRootAs(after, 0)
    start = after.__array_interface__["data"][0]
    constants = [model.Buffers(n).DataAsNumpy() for n in range(model.BuffersLength())]
    places = [
        array.__array_interface__["data"][0] - start
        for array in constants
        if isinstance(array, np.ndarray) and array.size
    ]

    assert places
    assert all(place % 16 == 0 for place in places)
