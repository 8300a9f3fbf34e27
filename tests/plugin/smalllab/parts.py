"""One function a group, each with options of several kinds."""

from __future__ import annotations

import math
import signal
from dataclasses import dataclass
from shutil import rmtree  # noqa: F401 - a test asks for it by name, and must not get it
from typing import TYPE_CHECKING, Literal

from coralexp.datasets.contract import Dataset, Examples
from coralexp.errors import DatasetError, OptionError
from coralexp.quant.contract import QuantizationMode

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras, tf

KNOWN_CLASSES = 10
Ends = Literal["int8", "uint8"]
calls: list[str] = []  # which functions were called, for tests of what is asked how often


def blocks(
    *,
    side_px: int = 32,
    classes: int = 4,
    path: str | None = None,
    limit: int | None = None,
    channels: Literal[1, 3] = 3,
) -> Dataset:
    """Draw blocks.

    Args:
        side_px: Height and width of an image, at least 8.
        classes: How many kinds of blocks, 2 to 10.
        path: Folder with a file `blocks.txt`;
            None needs no folder.
        limit: Keep at most that many.
        channels: 1 for grey, 3 for colour.
    """
    calls.append("blocks")
    if classes > KNOWN_CLASSES:
        raise OptionError("classes", f"only {KNOWN_CLASSES} kinds exist, got {classes}")
    if path == "empty":
        raise DatasetError("empty: holds no image")
    names = tuple(f"block {number}" for number in range(classes))
    return Dataset((side_px, side_px, channels), names, lambda: "", _open, limit)


def _open(seed: int) -> Examples:
    raise DatasetError(f"no test opens it, with seed {seed} or any other")


def stopping(*, signal_number: int) -> Dataset:
    """Send this process a signal, as Ctrl-C and a shutdown do.

    Args:
        signal_number: Which.
    """
    signal.raise_signal(signal.Signals(signal_number))
    return blocks()


def halving(
    input_shape: tuple[int, int, int],
    *,
    width: float = 0.5,
    weights: Literal["imagenet"] | str | None = None,  # noqa: PYI051 - what is proposed
) -> keras.Model:
    """Halve the image five times.

    Args:
        input_shape: `(H, W, C)`.
        width: Multiplier of the channels, above 0.
        weights: Where to start from.
    """
    calls.append("halving")
    if width <= 0:
        raise OptionError("width", f"expected a number above 0, got {width}")
    if weights == "imagenet" and not math.isclose(width, 1.0):
        raise OptionError("weights", f"imagenet exists for width 1.0 alone, not {width}")
    height, breadth, _ = input_shape
    if height % 32 or breadth % 32:
        raise ValueError(f"sides must be multiples of 32 px; got {height} x {breadth}")
    from coralexp.tf_runtime import keras

    return keras.Sequential()


def faulty(input_shape: tuple[int, int, int], *, width: float = 1.0) -> keras.Model:
    """Have a bug."""
    known: dict[str, keras.Model] = {}
    return known[f"{input_shape}{width}"]


def flat(features: tf.Tensor, classes: int, *, dropout: float = 0.2) -> tf.Tensor:
    """Flatten."""
    calls.append("flat")
    if not 0 <= dropout < 1:
        raise OptionError("dropout", f"expected a share from 0 to below 1, got {dropout}")
    from coralexp.tf_runtime import keras

    return keras.layers.Dense(classes)(features)


def whole(*, calibration_images: int = 8, ends: Ends = "int8") -> QuantizationMode:
    """Use integers."""
    calls.append("whole")
    if calibration_images < 1:
        raise OptionError("calibration_images", f"expected at least 1, got {calibration_images}")
    return QuantizationMode(lambda *_: None, calibration_images, integer_only=ends == "int8")


@dataclass(frozen=True)
class Board:
    """A device."""

    clock: str
    links: tuple[float, ...]


def board(*, clock: Literal["std", "max"] = "std", links: tuple[float, ...] = (1.0,)) -> Board:
    """Describe a board."""
    return Board(clock, links)


def course(
    *,
    epochs: int,
    learning_rate: float = 1e-3,
    augment: bool = False,
    sides: list[int] | None = None,
) -> dict[str, object]:
    """Describe a training."""
    return {"epochs": epochs, "rate": learning_rate, "augment": augment, "sides": sides}
