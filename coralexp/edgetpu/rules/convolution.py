"""Rules on layers with weights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import ROWS, UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

# A U-Net's up-convolutions to 1 MiB were mapped, one of 2 MiB (and as many weights) was not.
_MAPPED_TRANSPOSE_BYTES = 1 << 20
_LEFT_TRANSPOSE_BYTES = 2 << 20


def dilates_alike(step: Step) -> bool:
    """The dilation is the same in x and y."""
    return step.number("dilation_w_factor", 1) == step.number("dilation_h_factor", 1)


def has_plain_weights(step: Step) -> bool:
    """The weights of a dense layer are in the default format."""
    return step.option("weights_format") in {None, "DEFAULT"}


def writes_one_row(step: Step) -> bool:
    """The output of a dense layer is one-dimensional: every dimension but the last is 1."""
    written = step.output()
    return written is None or all(size == 1 for size in written.shape[:-1])


def is_small_up_convolution(step: Step) -> bool | None:
    """A transposed convolution is small: up to 1 MiB of output; 2 MiB with 2 MiB of weights is not.

    Between the two, no evidence says.
    """
    written, weights = step.output(), step.input(1)
    if written is None or written.size_bytes <= _MAPPED_TRANSPOSE_BYTES:
        return True
    heavy = weights is not None and weights.size_bytes >= _LEFT_TRANSPOSE_BYTES
    return False if heavy and written.size_bytes >= _LEFT_TRANSPOSE_BYTES else None


RULES = (
    rule(
        dilates_alike,
        UNSPECIFIED,
        "give the layer one dilation rate for both directions",
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
    ),
    rule(
        has_plain_weights,
        UNSPECIFIED,
        "convert again without shuffled weights (a full-integer conversion writes none)",
        "FULLY_CONNECTED",
    ),
    rule(
        writes_one_row,
        ROWS,
        "apply it to one row, or write the dense layer as a 1x1 convolution over "
        "[1, 1, rows, features]",
        "FULLY_CONNECTED",
        source="https://coral.ai/docs/edgetpu/models-intro/#supported-operations; "
        "google-coral/edgetpu#27",
    ),
    rule(
        is_small_up_convolution,
        UNSPECIFIED,
        "take a smaller input or fewer channels, or use nearest-neighbor upsampling and a "
        "convolution",
        "TRANSPOSE_CONV",
        source="google-coral/edgetpu#684, #686",
    ),
)
