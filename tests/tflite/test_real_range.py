"""What the integers of a tensor stand for."""

from __future__ import annotations

import math

import pytest

from coralexp.tflite.graph import Quantization, Tensor
from coralexp.tflite.real_range import integer_range, real_range


def tensor(dtype: str, scales: tuple[float, ...], zero_points: tuple[int, ...]) -> Tensor:
    return Tensor("t", (4,), dtype, Quantization(scales, zero_points, 0))


def test_an_int8_tensor_spans_what_its_scale_and_zero_point_say() -> None:
    assert real_range(tensor("int8", (9 / 255,), (-43,))) == pytest.approx((-3.0, 6.0))
    assert real_range(tensor("uint8", (1 / 255,), (0,))) == pytest.approx((0.0, 1.0))


def test_channels_with_scales_of_their_own_span_their_widest() -> None:
    assert real_range(tensor("int8", (0.1, 0.5), (0, 0))) == pytest.approx((-64.0, 63.5))


def test_what_has_no_scale_or_no_integers_spans_nothing() -> None:
    assert real_range(Tensor("t", (4,), "int8")) is None
    assert real_range(tensor("float32", (0.1,), (0,))) is None
    assert real_range(tensor("int8", (math.nan,), (0,))) is None
    assert real_range(tensor("int64", (1e308,), (0,))) is None


@pytest.mark.parametrize(
    ("dtype", "limits"),
    [
        ("int4", (-8, 7)),
        ("uint4", (0, 15)),
        ("int16", (-32768, 32767)),
        ("bool", None),
        ("float16", None),
        ("bfloat16", None),
        ("complex64", None),
        ("int", None),
    ],
)
def test_integer_types_have_ends(dtype: str, limits: tuple[int, int] | None) -> None:
    assert integer_range(dtype) == limits
