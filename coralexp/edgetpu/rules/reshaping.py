"""Rules on operators that only move or cut out values."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import STRIDES, UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step
    from coralexp.tflite.graph import Tensor

# Compiler 16 mapped a YOLOv8n of 256 px whole, which transposes 64 x 1,344 bytes, and left the
# transposition of a picture of 224 px (3 x 224 x 224) to the CPU: google-coral/edgetpu#433.
_MAPPED_TRANSPOSE_BYTES = 64 * 1344
_LEFT_TRANSPOSE_BYTES = 3 * 224 * 224
# Of YOLO's heads, 32 x 32 x 255 to 1,024 x 3 x 85 was mapped and 64 x 8,400 to 4 x 16 x 8,400 was
# not (google-coral/edgetpu#512, ultralytics/ultralytics#20351), though detectors that lay their
# boxes out in rows keep much larger ones: 40 x 40 x 810 to 14,400 x 90.
_MAPPED_RESHAPE_BYTES = 32 * 32 * 255
_LEFT_RESHAPE_BYTES = 64 * 8400
_DOUBTFUL_ROWS_BYTES = 4 << 20
_IMAGE_RANK = 4


def slices_whole_runs(step: Step) -> bool:
    """A strided slice has strides of 1."""
    strides = step.integers(3)
    return strides is None or all(stride == 1 for stride in strides)


def masks_plainly(step: Step) -> bool:
    """A strided slice has neither an ellipsis nor a new axis."""
    return step.number("ellipsis_mask") == 0 and step.number("new_axis_mask") == 0


def squeezes_in_front(step: Step) -> bool:
    """Only leading dimensions are squeezed, so that nothing has to be moved."""
    read, written = step.input(0), step.output()
    if read is None or written is None or not read.shape or not written.shape:
        return True
    return read.shape[-len(written.shape) :] == written.shape or read.elements == read.shape[-1]


def moves_little(step: Step) -> bool | None:
    """A transposition moves at most 84 KiB; 147 KiB are too many, between no evidence says."""
    read, order = step.input(0), step.integers(1)
    if read is None or order is None or sorted(order) != list(range(len(read.shape))):
        return None
    moved = [axis for axis in order if read.shape[axis] != 1]
    if moved == sorted(moved) or read.size_bytes <= _MAPPED_TRANSPOSE_BYTES:
        return True
    return False if read.size_bytes >= _LEFT_TRANSPOSE_BYTES else None


def reshapes_little(step: Step) -> bool | None:
    """A reshape that is more than laying a picture out in rows concerns at most 255 KiB.

    525 KiB are too many; between, and for rows of 4 MiB and more, no evidence says.
    """
    read, written = step.input(0), step.output()
    if read is None or written is None or written.size_bytes <= _MAPPED_RESHAPE_BYTES:
        return True
    if _sizes(read) == _sizes(written) or _lays_out_rows(read, written):
        return True if written.size_bytes < _DOUBTFUL_ROWS_BYTES else None
    return False if written.size_bytes >= _LEFT_RESHAPE_BYTES else None


def tiles_a_pixel(step: Step) -> bool | None:
    """Tiling repeats one pixel; no evidence says anything of other tilings."""
    read = step.input(0)
    return True if read is not None and all(size == 1 for size in read.shape[:-1]) else None


def _sizes(tensor: Tensor) -> list[int]:
    return [size for size in tensor.shape if size != 1]


def _lays_out_rows(read: Tensor, written: Tensor) -> bool:
    """Whether `[1, H, W, k * C]` becomes `[1, H * W * k, C]` or one row."""
    if len(read.shape) != _IMAGE_RANK or not written.shape:
        return False
    row = written.shape[-1]
    whole_rows = row > 0 and read.shape[-1] % row == 0 and len(_sizes(written)) <= 2  # noqa: PLR2004
    return whole_rows or len(_sizes(written)) <= 1


RULES = (
    rule(
        slices_whole_runs,
        STRIDES,
        "slice with stride 1; instead of a focus layer (x[::2, ::2]) use a convolution of stride 2 "
        "or space_to_depth",
        "STRIDED_SLICE",
        source="https://coral.ai/docs/edgetpu/models-intro/#supported-operations; "
        "operator log of a YOLOv5s, compiler 15",
    ),
    rule(
        masks_plainly,
        UNSPECIFIED,
        "write the slice out for every dimension, without ... and None",
        "STRIDED_SLICE",
    ),
    rule(
        squeezes_in_front,
        UNSPECIFIED,
        "reshape instead of squeezing an inner dimension",
        "SQUEEZE",
    ),
    rule(
        moves_little,
        UNSPECIFIED,
        "build the model channels-last (NHWC) from its input on, so that nothing is transposed; "
        "or take a smaller input",
        "TRANSPOSE",
        source="google-coral/edgetpu#193, #433",
    ),
    rule(
        reshapes_little,
        UNSPECIFIED,
        "take a smaller input, or end the model before the reshape",
        "RESHAPE",
        source="https://coral.ai/docs/edgetpu/models-intro/#supported-operations; "
        "google-coral/edgetpu#512; ultralytics/ultralytics#20351",
    ),
    rule(
        tiles_a_pixel,
        UNSPECIFIED,
        "rely on broadcasting in ADD or MUL instead of tiling",
        "TILE",
        source="DeepLab for Cityscapes in google-coral/test_data, compiled beside its source",
    ),
)
