"""Datasets whose publisher says what trains and what tests; validation is taken from train."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from coralexp.artifacts import downloads
from coralexp.artifacts.data_folder import VARIABLE, data_folder, obtain, verify
from coralexp.datasets.contract import Examples
from coralexp.datasets.splits import validation_of
from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.data_folder import RemoteFile
    from coralexp.datasets.contract import Pixels

Fit = Literal["pad", "resize"]


@dataclass(frozen=True)
class Labelled:
    """One of the publisher's splits.

    Attributes:
        images: uint8 `[N, H, W, C]`.
        labels: Class of each.
    """

    images: Pixels
    labels: list[int]


def keras_cache() -> Path:
    """Return the folder where Keras keeps datasets."""
    return Path("~/.keras/datasets").expanduser()


def places(dataset: str) -> list[Path]:
    """Return the folders in which files are looked for, the first first.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
    """
    try:
        given = data_folder()
    except OSError as error:
        raise DatasetError(f"{dataset}: {error}") from error
    return [*([] if given is None else [given, given / dataset]), keras_cache()]


def verified(dataset: str, files: tuple[Path, ...]) -> tuple[Path, ...]:
    """Return files after comparing those of the data folder with its list of digests.

    Raises:
        DatasetError: If one is another.
    """
    top = data_folder()
    try:
        for file in files:
            if top is not None and file.is_relative_to(top):
                verify(file, top)
    except OSError as error:
        raise DatasetError(f"{dataset}: {error}") from error
    return files


def fetched(dataset: str, file: RemoteFile, page: str) -> Path:
    """Return where a file lies, after downloading it if it is nowhere.

    Args:
        dataset: Name of the choice.
        file: What is wanted.
        page: Where people find it.

    Raises:
        DatasetError: If it cannot be had; says where to get it and where to put it.
    """
    try:
        return obtain(file)
    except OSError as error:
        raise _missing(dataset, file, page, error) from error


def expected(dataset: str, files: Sequence[RemoteFile], page: str) -> str:
    """Return the digest of what will be downloaded, as `content_of` tells it when it is here.

    Args:
        dataset: Name of the choice.
        files: What is wanted; their digests are published.
        page: Where people find it.

    Raises:
        DatasetError: If no network answers: no work is begun that could not be ended.
    """
    try:
        downloads.await_network(files[0].url)
    except OSError as error:
        raise _missing(dataset, files[0], page, error) from error
    digests = [str(file.sha256) for file in files]
    return digests[0] if len(files) == 1 else joined([file.cache.name for file in files], digests)


def _missing(dataset: str, file: RemoteFile, page: str, error: OSError) -> DatasetError:
    name = file.url.rpartition("/")[2]
    below = file.name.rpartition("/")[0]
    return DatasetError(
        f"{dataset}: {name} is not on this machine and could not be downloaded "
        f"({downloads.reason(error)}). Get {file.url} (see {page}) on another machine and put it "
        f"at {file.cache.parent / name}, or into {below + '/ of ' if below else ''}a folder that "
        f"{VARIABLE} names, or give its place as dataset.path"
    )


def examples(
    train: Labelled,
    test: Labelled,
    *,
    seed: int,
    validation: float,
    shape: tuple[int, int, int],
    fit: Fit = "resize",
) -> Examples:
    """Return the publisher's examples, train before test, brought to a shape.

    Args:
        train: Trains and validates.
        test: Tests.
        seed: Decides which of train validate.
        validation: Share of train that does.
        shape: Of each picture.
        fit: Whether a picture is laid on black, in the middle, or resized bilinearly.
    """
    parts, count = (train, test), len(train.labels)

    def image(i: int) -> Pixels:
        part, row = (parts[0], i) if i < count else (parts[1], i - count)
        return _fitted(part.images[row], shape, fit)

    return Examples(
        splits=[*validation_of(train.labels, validation, seed), *["test"] * len(test.labels)],  # type: ignore[list-item]
        labels=[*train.labels, *test.labels],
        image=image,
        name=lambda i: f"train[{i}]" if i < count else f"test[{i - count}]",
    )


def content_of(files: Sequence[Path]) -> str:
    """Return the digest of a file, or of several by their names.

    Raises:
        DatasetError: If one cannot be read.
    """
    try:
        digests = [downloads.digest_of(file) for file in files]
    except OSError as error:
        raise DatasetError(f"{error.filename}: cannot be read ({error.strerror})") from error
    return digests[0] if len(files) == 1 else joined([f.name for f in files], digests)


def joined(names: Sequence[str], digests: Sequence[str]) -> str:
    """Return one digest of several files."""
    text = "".join(f"{digest}  {name}\n" for name, digest in zip(names, digests, strict=True))
    return hashlib.sha256(text.encode()).hexdigest()


def _fitted(pixels: Pixels, shape: tuple[int, int, int], fit: Fit) -> Pixels:
    from PIL import Image

    from coralexp.datasets.pictures import fit as resized

    if pixels.shape == shape:
        return pixels
    side_px, _, channels = shape
    if fit == "resize":
        picture = Image.fromarray(pixels[..., 0] if pixels.shape[2] == 1 else pixels)
        return resized(picture, side_px, channels, "stretch")
    height, width, _ = pixels.shape
    laid: Pixels = np.zeros(shape, np.uint8)
    top, left = (side_px - height) // 2, (side_px - width) // 2
    laid[top : top + height, left : left + width] = pixels  # grey spreads over the channels
    return laid
