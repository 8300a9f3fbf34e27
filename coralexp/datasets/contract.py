"""What a dataset is: examples by number, each with its split and its class.

A choice of the group `dataset` names a function of keyword-only options that returns a `Dataset`.
It refuses impossible options with `OptionError` at once and reads as little as it can: the command
calls it for every job before the first one starts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Split = Literal["train", "validation", "test"]
SPLITS: tuple[Split, ...] = ("train", "validation", "test")
Pixels = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Examples:
    """Every example of a dataset; pictures are made or decoded only when asked for.

    Attributes:
        splits: Split of each example.
        labels: Index into `Dataset.classes` of each example.
        image: Picture of example `i`: uint8 `[H, W, C]` in [0, 255]; None if it is damaged and the
            dataset was told to leave such out. Raises `DatasetError` naming the file otherwise.
        name: What example `i` is called in messages, such as its file.
        left_out: Names of what is no example, each with the reason in brackets, such as duplicates.
        is_parallel: Whether several threads may ask for pictures at a time, and gain by it.
    """

    splits: Sequence[Split]
    labels: Sequence[int]
    image: Callable[[int], Pixels | None]
    name: Callable[[int], str] = "example {}".format
    left_out: Sequence[str] = ()
    is_parallel: bool = False


@dataclass(frozen=True)
class Dataset:
    """A source of labelled pictures.

    Attributes:
        image_shape: Height and width in pixels, and channels (1 or 3): `(H, W, C)`.
        classes: Names, in the order of the labels; at least two.
        content: Digest of everything that options do not tell: files, fonts. Computed when called.
        open: List the examples, given the seed of the experiment. May read files.
        limit: Keep at most that many examples, classes and splits in proportion; None keeps all.
        fetch: Bring what it reads from elsewhere to this machine, for `coralexp fetch`; None if it
            needs nothing but what is here. Raises `DatasetError` if that cannot be had.
        stands_for: Dataset of an exercise in whose place this one is used, such as `cifar10`; empty
            if it stands for itself. Runs are tagged with it.
    """

    image_shape: tuple[int, int, int]
    classes: tuple[str, ...]
    content: Callable[[], str]
    open: Callable[[int], Examples]
    limit: int | None = None
    fetch: Callable[[], object] | None = None
    stands_for: str = ""

    def __post_init__(self) -> None:
        """Refuse what no later step could use.

        Raises:
            DatasetError: If there are fewer than two classes, or two of one name.
            OptionError: If the limit leaves a class without an image to train on or to test with.
        """
        if len(self.classes) < 2:  # noqa: PLR2004
            raise DatasetError(
                f"telling classes apart needs at least 2; found {len(self.classes)}"
                + "".join(f" ({name})" for name in self.classes)
            )
        if len(set(self.classes)) < len(self.classes):
            twice = sorted({name for name in self.classes if self.classes.count(name) > 1})
            raise DatasetError(f"class names must differ; there are two of: {', '.join(twice)}")
        least = 2 * len(self.classes) + 1
        if self.limit is not None and self.limit < least:
            raise OptionError(
                "limit",
                f"{len(self.classes)} classes need at least {least} images: one of each to train, "
                f"one of each to test, and one for validation; got {self.limit}",
            )
