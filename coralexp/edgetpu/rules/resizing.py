"""Rules on upsampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import IMPRECISE, UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_IMAGE_RANK = 4
# Mapped: to 128 x 128 x 32; left: 33 x 33 x 19 to 513 x 513 x 19, and to 512 x 512 x 32.
_MAPPED_BYTES = 128 * 128 * 32
_LEFT_BYTES = 513 * 513 * 19


def resizes_more_than_a_pixel(step: Step) -> bool:
    """Bilinear resizing starts from more than one pixel in each direction."""
    read = step.input(0)
    if read is None or len(read.shape) != _IMAGE_RANK:
        return True
    return min(read.shape[1:3]) > 1


def doubles(step: Step) -> bool | None:
    """Bilinear resizing doubles width and height; no evidence says anything of other factors."""
    read, written = step.input(0), step.output()
    if read is None or written is None or len(read.shape) != _IMAGE_RANK != len(written.shape):
        return None
    spared = 1 if step.option("align_corners") else 0
    factors = [
        (after - spared) / max(before - spared, 1)
        for before, after in zip(read.shape[1:3], written.shape[1:3], strict=False)
    ]
    exact = [
        after / max(before, 1)
        for before, after in zip(read.shape[1:3], written.shape[1:3], strict=False)
    ]
    return True if factors == [2, 2] or exact == [2, 2] else None


def resizes_to_little(step: Step) -> bool | None:
    """A resized tensor has at most 512 KiB; from 4.8 MiB on it is too large.

    Between the two, no evidence says.
    """
    written = step.output()
    if written is None or written.size_bytes <= _MAPPED_BYTES:
        return True
    return False if written.size_bytes >= _LEFT_BYTES else None


RULES = (
    rule(
        resizes_more_than_a_pixel,
        IMPRECISE,
        "do not upsample a single pixel bilinearly: the values only repeat, so let ADD or MUL "
        "broadcast them, or tile",
        "RESIZE_BILINEAR",
        source="DeepLab in google-coral/test_data, compiled beside its source; "
        "google-coral/edgetpu#63",
    ),
    rule(
        resizes_to_little,
        UNSPECIFIED,
        "take a smaller input, resize fewer channels, or resize where the output is read",
        "RESIZE_BILINEAR",
        "RESIZE_NEAREST_NEIGHBOR",
        source="google-coral/edgetpu#31, #597; DeepLab for Cityscapes in google-coral/test_data",
    ),
    rule(
        doubles,
        UNSPECIFIED,
        "upsample by 2, several times if need be, or use nearest-neighbor upsampling",
        "RESIZE_BILINEAR",
        source="google-coral/edgetpu#31; MoveNet in google-coral/test_data",
    ),
)
