"""Rules on pooling, softmax and other activations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_MOST_CLASSES = 16_000


def fuses_no_activation(step: Step) -> bool:
    """Pooling and concatenation have no fused activation function."""
    return step.option("fused_activation_function") in {None, "NONE"}


def has_few_classes(step: Step) -> bool:
    """A softmax is over at most 16,000 values."""
    read = step.input(0)
    return read is None or not read.shape or read.shape[-1] <= _MOST_CLASSES


def has_one_slope_a_channel(step: Step) -> bool:
    """The slopes of a PReLU are one-dimensional: only their innermost dimension is above 1."""
    slopes = step.input(1)
    return slopes is None or all(size == 1 for size in slopes.shape[:-1])


RULES = (
    rule(
        fuses_no_activation,
        UNSPECIFIED,
        "put a convolution or an ADD between the activation and the pooling or concatenation, "
        "or leave the activation out",
        "AVERAGE_POOL_2D",
        "MAX_POOL_2D",
        "CONCATENATION",
    ),
    rule(
        has_few_classes,
        UNSPECIFIED,
        "end the model at the logits and compute the softmax where the output is read",
        "SOFTMAX",
        # The list says one row; compiler 16 mapped the softmax over rows in the head of YOLOv8n.
        source="https://coral.ai/docs/edgetpu/models-intro/#supported-operations; "
        "jveitchmichaelis/edgetpu-yolo",
    ),
    rule(
        has_one_slope_a_channel,
        UNSPECIFIED,
        "give the Keras PReLU layer shared_axes=[1, 2], so that a channel has one slope",
        "PRELU",
    ),
)
