"""Representative data: the images whose activations set the integer ranges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from coralexp.quant.contract import Images


def representative(images: Images) -> Callable[[], Iterator[list[Images]]]:
    """Return what a converter asks for: one image at a time.

    The first image gets one black and one white pixel, so that the range of the input is exactly
    [-1, 1] whatever was drawn: the input's scale is then 2/255, and plain pixels go in.

    Args:
        images: float32 `[M, H, W, C]` in [-1, 1], M at least 1.
    """
    anchored = images.copy()
    anchored[0, 0, 0, :] = -1.0
    anchored[0, -1, -1, :] = 1.0

    def generate() -> Iterator[list[Images]]:
        for image in anchored:
            yield [image[None]]

    return generate


def spanning_pixels(images: Images) -> Images:
    """Return the images, each with one black and one white pixel, as `representative` has in one.

    For a tool whose range of the input is a moving average: every image has to span [-1, 1].

    Args:
        images: float32 `[M, H, W, C]` in [-1, 1].
    """
    anchored = images.copy()
    anchored[:, 0, 0, :] = -1.0
    anchored[:, -1, -1, :] = 1.0
    return anchored


def refuse_calibration(calibration_images: int) -> None:
    """Refuse a count of calibration images that sets no range.

    Raises:
        OptionError: If it is below 1.
    """
    if calibration_images < 1:
        raise OptionError(
            "calibration_images",
            f"ranges come from at least 1 image; got {calibration_images}. 100 to 500 are usual",
        )
