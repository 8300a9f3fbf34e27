"""Rules on means, sums and extremes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

# [1, 64, 128, 3] was mapped and [1, 256, 128, 3] was not, over x and y: google-coral/edgetpu#461.
_MAPPED_PIXELS = 64 * 128
_LEFT_PIXELS = 256 * 128
_CHANNEL_MULTIPLE = 4


def keeps_the_batch(step: Step) -> bool:
    """A reduction is not over the batch dimension."""
    axes = _axes(step)
    return axes is None or 0 not in axes


def reduces_whole_fours(step: Step) -> bool:
    """A mean over channels is over a multiple of 4 of them."""
    read, axes = step.input(0), _axes(step)
    if read is None or axes is None or len(read.shape) - 1 not in axes:
        return True
    return read.shape[-1] % _CHANNEL_MULTIPLE == 0


def averages_few_pixels(step: Step) -> bool | None:
    """A mean is over at most 8,192 pixels; 32,768 are too many, between no evidence says."""
    read, axes = step.input(0), _axes(step)
    if read is None or axes is None:
        return True
    pixels = math.prod(read.shape[axis] for axis in axes if axis != len(read.shape) - 1)
    if pixels <= _MAPPED_PIXELS:
        return True
    return False if pixels >= _LEFT_PIXELS else None


def _axes(step: Step) -> frozenset[int] | None:
    read = step.input(0)
    return None if read is None else step.axes(1, len(read.shape))


RULES = (
    rule(
        keeps_the_batch,
        UNSPECIFIED,
        "reduce over height, width or channels only, and keep the batch at 1",
        "MEAN",
        "SUM",
        "REDUCE_MAX",
        "REDUCE_MIN",
    ),
    rule(
        reduces_whole_fours,
        UNSPECIFIED,
        "make the number of channels a multiple of 4",
        "MEAN",
    ),
    rule(
        averages_few_pixels,
        UNSPECIFIED,
        "average in two steps (AveragePooling2D, then the mean), or split the height and average "
        "the parts",
        "MEAN",
        source="google-coral/edgetpu#461",
    ),
)
