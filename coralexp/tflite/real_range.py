"""The real values that a tensor's integers can stand for."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tflite.graph import Tensor

_BITS = {"2": 2, "4": 4, "8": 8, "16": 16, "32": 32, "64": 64}


def integer_range(dtype: str) -> tuple[int, int] | None:
    """Return the smallest and the largest integer of a type; None if it is no integer type."""
    unsigned = dtype.startswith("uint")
    bits = _BITS.get(dtype.removeprefix("u").removeprefix("int"))
    if bits is None or not dtype.removeprefix("u").startswith("int"):
        return None
    return (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)


def real_range(tensor: Tensor) -> tuple[float, float] | None:
    """Return the real values that the smallest and the largest integer of a tensor stand for.

    `scale * (stored - zero_point)` over all integers of the type, and over all channels where each
    has a scale of its own. An int8 tensor of scale 9 / 255 and zero point -43 spans -3.0 to 6.0.

    Args:
        tensor: Of any type.

    Returns:
        Smallest and largest value; None for a tensor without scale, of no integer type, or whose
        file gives numbers that make no sense.
    """
    limits = integer_range(tensor.dtype)
    if limits is None or tensor.quantization is None:
        return None
    stored = tensor.quantization
    ends = [
        scale * (limit - zero)
        for scale, zero in zip(stored.scales, stored.zero_points, strict=True)
        for limit in limits
    ]
    return (min(ends), max(ends)) if all(map(math.isfinite, ends)) else None
