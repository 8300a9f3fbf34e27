"""What the stage `dataset` hands over: pictures and labels of three splits, and what they are."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from coralexp.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

Split = Literal["train", "validation", "test"]

INDEX_FILE = "dataset.json"


@dataclass(frozen=True)
class DatasetIndex:
    """What a written dataset holds.

    Attributes:
        classes: Names, in the order of the labels.
        image_shape: Height and width in pixels, and channels: `(H, W, C)`.
        digest: SHA-256 over the pixels, then the labels, of train, of validation and of test.
        images: How many each split holds.
        skipped: Names of what was left out, each with the reason in brackets.
    """

    classes: tuple[str, ...]
    image_shape: tuple[int, int, int]
    digest: str
    images: Mapping[Split, int]
    skipped: tuple[str, ...] = ()

    def to_json(self) -> str:
        """Return the file's text."""
        return json.dumps(asdict(self), indent=1)


def read_index(entry: Path) -> DatasetIndex:
    """Return what the dataset in a folder of the store holds.

    Raises:
        StoreError: If its index is missing or damaged.
    """
    file = entry / INDEX_FILE
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
        height, width, channels = fields["image_shape"]
        return DatasetIndex(
            classes=tuple(fields["classes"]),
            image_shape=(height, width, channels),
            digest=fields["digest"],
            images=fields["images"],
            skipped=tuple(fields["skipped"]),
        )
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(
            f"{file}: cannot be read ({error}); delete {entry} to have it made again"
        ) from error


def read_split(entry: Path, split: Split) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.int64]]:
    """Open the pictures of a split without reading them, and read its labels.

    Rows go round the classes, so the first N hold all classes about equally.

    Args:
        entry: Folder of the dataset in the store.
        split: Which.

    Returns:
        Pictures uint8 `[N, H, W, C]` in [0, 255], read from the disk where they are used, not
        writable; labels int64 `[N]`.

    Raises:
        StoreError: If they are missing or damaged.
    """
    folder = entry / split
    try:
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        labels = np.load(folder / "labels.npy", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise StoreError(
            f"{folder}: cannot be read ({error}); delete {entry} to have it made again"
        ) from error
    return images, labels
