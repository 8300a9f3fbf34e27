"""Which inputs are parameters, and have to be constants."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import NOT_CONSTANT, rule
from coralexp.edgetpu.rules.step import is_computed

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_WEIGHTS = {
    "CONV_2D": (1, 2),
    "DEPTHWISE_CONV_2D": (1, 2),
    "TRANSPOSE_CONV": (1, 3),
    "FULLY_CONNECTED": (1, 2),
    "PRELU": (1,),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": tuple(range(1, 18)),
}
SHAPING = {
    "TRANSPOSE_CONV": (0,),
    "MEAN": (1,),
    "SUM": (1,),
    "REDUCE_MAX": (1,),
    "REDUCE_MIN": (1,),
    "REDUCE_PROD": (1,),
    "REDUCE_ANY": (1,),
    "PAD": (1,),
    "PADV2": (1,),
    "MIRROR_PAD": (1,),
    "RESHAPE": (1,),
    "RESIZE_BILINEAR": (1,),
    "RESIZE_NEAREST_NEIGHBOR": (1,),
    "SLICE": (1, 2),
    "STRIDED_SLICE": (1, 2, 3),
    "SPLIT": (0,),
    "SPLIT_V": (1, 2),
    "TRANSPOSE": (1,),
    "TILE": (1,),
    "EXPAND_DIMS": (1,),
    "FILL": (0,),
    "BROADCAST_TO": (1,),
    "RANGE": (0, 1, 2),
}
"""Inputs that decide the shape of what is written: if one is computed, the shape is not known."""


def has_constant_parameters(step: Step) -> bool:
    """Filters, biases, axes, paddings and sizes are constants in the file."""
    places = (*_WEIGHTS.get(step.name, ()), *SHAPING.get(step.name, ()))
    given = [step.input(place) for place in places]
    return not any(tensor is not None and is_computed(tensor) for tensor in given)


PARAMETERS = rule(
    has_constant_parameters,
    NOT_CONSTANT,
    "make the weights variables of the model, not something that the graph computes or is given",
    source="https://coral.ai/docs/edgetpu/models-intro/#model-requirements; "
    "google-coral/edgetpu#25",
)
