"""What images and widths a backbone can take; told before TensorFlow is imported."""

from __future__ import annotations

import math

from coralexp.errors import OptionError


def require_multiple(backbone: str, input_shape: tuple[int, int, int], multiple_px: int) -> None:
    """Refuse images whose sides are not multiples of a number.

    A network that halves the image n times would otherwise lose the last rows and columns on the
    way, and pad differently from the network whose stored weights it takes.

    Args:
        backbone: Name for the text.
        input_shape: `(H, W, C)`.
        multiple_px: Above 0.

    Raises:
        ValueError: If one of the sides is not; the text says which sides are near.
    """
    height, width, _ = input_shape
    if height > 0 and width > 0 and height % multiple_px == 0 and width % multiple_px == 0:
        return
    near = {
        multiple_px * max(1, times)
        for side in (height, width)
        if side <= 0 or side % multiple_px
        for times in (side // multiple_px, side // multiple_px + 1)
    }
    raise ValueError(
        f"{backbone} halves the image {round(math.log2(multiple_px))} times, so its sides must be "
        f"multiples of {multiple_px} px; got {height} x {width}: "
        f"set dataset.side_px to {' or '.join(str(side) for side in sorted(near))}"
    )


def require_least(backbone: str, input_shape: tuple[int, int, int], least_px: int) -> None:
    """Refuse images with a side below `least_px`.

    Raises:
        ValueError: If one of the sides is smaller.
    """
    height, width, _ = input_shape
    if min(height, width) < least_px:
        raise ValueError(
            f"{backbone} with these options needs sides of {least_px} px or more; "
            f"got {height} x {width}: set dataset.side_px to {least_px} or more"
        )


def require_width(width: float, *, least: float = 0.0, largest: float = 8.0) -> None:
    """Refuse a multiplier of channel counts that leaves no network, or one past any use.

    Args:
        width: As the user gave it.
        least: The smallest that leaves every layer a channel; 0 if every positive one does.
        largest: The cost grows with the square: 8 means 64 times the paper's weights, so what is
            above it is a forgotten decimal point.

    Raises:
        OptionError: If it is not within; not-a-number and infinity are not.
    """
    if not (math.isfinite(width) and width > 0):
        raise OptionError("width", f"must be a number above 0, such as 0.35 or 1.0; got {width}")
    if width < least:
        raise OptionError("width", f"{width} leaves layers without a channel; the least is {least}")
    if width > largest:
        raise OptionError(
            "width", f"{width} is too wide, the most is {largest}; 1.0 is the paper's network"
        )


def require_share(option: str, share: float) -> None:
    """Refuse a share of dropout that leaves nothing, or is none.

    Args:
        option: Name for the text.
        share: As the user gave it.

    Raises:
        OptionError: If it is not in [0, 1); not-a-number is not.
    """
    if not 0 <= share < 1:
        raise OptionError(option, f"must be a share from 0 to below 1, such as 0.2; got {share}")
