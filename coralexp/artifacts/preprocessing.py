"""What the host does to an image before the network sees it: the chip can do none of it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "input.json"


@dataclass(frozen=True)
class Preprocessing:
    """Steps from an image of the dataset to what the network takes, both uint8, in this order.

    Attributes:
        window_px: Side of the square that is kept, from the middle but in training; 0 keeps all.
        standardize: Whether each image gets mean 0 and standard deviation 1; see
            `coralexp.tflite.standardize`.
    """

    window_px: int = 0
    standardize: bool = False

    def shape_of(self, image_shape: tuple[int, int, int]) -> tuple[int, int, int]:
        """Return height, width and channels of what the network takes.

        Args:
            image_shape: Of the dataset.
        """
        if not self.window_px:
            return image_shape
        return self.window_px, self.window_px, image_shape[2]

    @property
    def told(self) -> str:
        """The steps in words for people; empty if there are none."""
        words = [f"cut to the middle {self.window_px} px"] if self.window_px else []
        words += ["standardized one by one"] if self.standardize else []
        return ", ".join(words)


NOTHING = Preprocessing()


def write_preprocessing(entry: Path, steps: Preprocessing) -> None:
    """Declare the steps in the entry of a trained model; no file if there are none."""
    if steps != NOTHING:
        (entry / FILE).write_text(json.dumps(asdict(steps), indent=1))


def read_preprocessing(entry: Path) -> Preprocessing:
    """Return the steps that the entry of a trained model declares.

    Raises:
        StoreError: If the file is damaged.
    """
    file = entry / FILE
    if not file.exists():
        return NOTHING
    try:
        return Preprocessing(**json.loads(file.read_text("utf-8")))
    except (OSError, ValueError, TypeError) as error:
        raise StoreError(
            f"{file}: cannot be read ({error}); delete {entry} to have it made again"
        ) from error
