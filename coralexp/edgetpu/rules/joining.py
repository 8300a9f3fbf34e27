"""Rules on joining, dividing and padding."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.edgetpu.rules.contract import UNSPECIFIED, rule
from coralexp.edgetpu.rules.step import values_of

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step
    from coralexp.tflite.graph import Tensor

_CONSTANT_AND_OTHER = 2


def joins_computed_tensors(step: Step) -> bool:
    """A concatenation with a constant has two inputs, and the constant is all zeros."""
    constants = step.constants()
    if not constants:
        return True
    return len(step.operator.inputs) == _CONSTANT_AND_OTHER and all(map(_is_zero, constants))


def packs_beside_the_batch(step: Step) -> bool:
    """Packing is not along the batch dimension."""
    return step.number("axis") != 0


def splits_beside_the_batch(step: Step) -> bool:
    """Splitting is not along the batch dimension."""
    read = step.input(1)
    axes = None if read is None else step.axes(0, len(read.shape))
    return axes is None or 0 not in axes


def pads_beside_the_batch(step: Step) -> bool:
    """Padding is not along the batch dimension."""
    read, paddings = step.input(0), step.integers(1)
    if read is None or paddings is None or len(paddings) != 2 * len(read.shape):
        return True
    return not any(paddings[:2])


def _is_zero(tensor: Tensor) -> bool:
    quantization = tensor.quantization
    zero = quantization.zero_points[0] if quantization and quantization.zero_points else 0
    values = values_of(tensor)
    return values is not None and not np.any(values != zero)


RULES = (
    rule(
        joins_computed_tensors,
        UNSPECIFIED,
        "join constants where the output is read, or pad with zeros",
        "CONCATENATION",
    ),
    rule(
        packs_beside_the_batch,
        UNSPECIFIED,
        "stack along another dimension than the first",
        "PACK",
    ),
    rule(
        splits_beside_the_batch,
        UNSPECIFIED,
        "split along height, width or channels",
        "SPLIT",
    ),
    rule(
        pads_beside_the_batch,
        UNSPECIFIED,
        "pad height, width or channels only",
        "PAD",
    ),
)
