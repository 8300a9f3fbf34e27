"""Rules on upsampling."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import IMPRECISE, UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

_IMAGE_RANK = 4
# Mapped: bilinear to 128 x 128 x 32, nearest neighbor to 80 x 80 x 128 (YOLOv8n of 640 px); left:
# nearest neighbor to 1,024 x 1,024 x 3, bilinear to 513 x 513 x 19 and to 512 x 512 x 32.
_MAPPED_BYTES = {"RESIZE_BILINEAR": 128 * 128 * 32, "RESIZE_NEAREST_NEIGHBOR": 80 * 80 * 128}
_LEFT_BYTES = 1024 * 1024 * 3


def resizes_more_than_a_pixel(step: Step) -> bool:
    """Bilinear resizing starts from more than one pixel in each direction."""
    read = step.input(0)
    if read is None or len(read.shape) != _IMAGE_RANK:
        return True
    return min(read.shape[1:3]) > 1


def keeps_or_doubles(step: Step) -> bool | None:
    """Bilinear resizing keeps or doubles width and height; of other factors no evidence says."""
    read, written = step.input(0), step.output()
    if read is None or written is None or {len(read.shape), len(written.shape)} != {_IMAGE_RANK}:
        return None
    pairs = list(zip(read.shape[1:3], written.shape[1:3], strict=True))
    if any(all(after == factor * before for before, after in pairs) for factor in (1, 2)):
        return True
    corners = step.option("align_corners") and all(
        after == 2 * before - 1 for before, after in pairs
    )
    return True if corners else None


def resizes_to_little(step: Step) -> bool | None:
    """A resized tensor has at most 512 KiB, 800 KiB if the nearest pixel is taken.

    From 3 MiB on it is too large; between, no evidence says.
    """
    written = step.output()
    if written is None or written.size_bytes <= _MAPPED_BYTES.get(step.name, 0):
        return True
    return False if written.size_bytes >= _LEFT_BYTES else None


RULES = (
    rule(
        resizes_more_than_a_pixel,
        IMPRECISE,
        "one pixel only repeats: let ADD or MUL broadcast it, or resize it by nearest neighbor",
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
        keeps_or_doubles,
        UNSPECIFIED,
        "upsample by 2, several times if need be, or use nearest-neighbor upsampling",
        "RESIZE_BILINEAR",
        source="google-coral/edgetpu#31; MoveNet and DeepLab in google-coral/test_data",
    ),
)
