"""Rules on the shapes of the tensors that are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import RANK, UNSPECIFIED, rule

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.edgetpu.rules.step import Step
    from coralexp.tflite.graph import Tensor

_INNERMOST = 3


def has_static_shapes(step: Step) -> bool:
    """Every size is known when the model is compiled."""
    return all(size >= 0 for tensor in _activations(step) for size in tensor.shape)


def has_three_dimensions(step: Step) -> bool:
    """Only the three innermost dimensions are larger than 1, so the batch is 1."""
    return all(size == 1 for tensor in _activations(step) for size in tensor.shape[:-_INNERMOST])


def _activations(step: Step) -> Iterator[Tensor]:
    yield from step.computed()
    yield from step.outputs()


STATIC = rule(
    has_static_shapes,
    UNSPECIFIED,
    "fix every size before the conversion: a signature such as [1, height, width, channels]",
    source="https://coral.ai/docs/edgetpu/models-intro/#model-requirements",
)
DIMENSIONS = rule(
    has_three_dimensions,
    RANK,
    "convert with batch 1, and reshape so that at most three dimensions, the innermost, are "
    "larger than 1",
    source="https://coral.ai/docs/edgetpu/models-intro/#model-requirements; "
    "google-coral/edgetpu#30, #75, #708",
)
