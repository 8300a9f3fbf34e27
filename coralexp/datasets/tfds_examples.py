"""The examples of a prepared dataset of TensorFlow Datasets, decoded once into a temporary file."""

from __future__ import annotations

import importlib
import itertools
import os
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Protocol

import numpy as np

from coralexp.datasets.contract import SPLITS, Examples
from coralexp.datasets.pictures import DamagedPictureError
from coralexp.datasets.splits import validation_of
from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from coralexp.datasets.contract import Pixels, Split

AT_A_TIME = 256  # pictures in memory, encoded and decoded


class Info(Protocol):
    """What is known of a dataset without its examples."""

    full_name: str
    features: Mapping[str, Feature]
    supervised_keys: tuple[str, ...] | None


class Feature(Protocol):
    """A part of an example."""

    names: Sequence[str]


class Builder(Protocol):
    """What TensorFlow Datasets calls a builder, as far as it is used here."""

    info: Info
    data_dir: str
    url_infos: Mapping[str, object] | None

    def download_and_prepare(self) -> None:
        """Make the dataset's files."""

    def as_dataset(self, *, split: str, decoders: object) -> object:
        """Return the examples of a split."""


def read_examples(
    builder: Builder,
    keys: tuple[str, str],
    expressions: tuple[str, str | None, str],
    *,
    shape: tuple[int, int, int],
    decoded: Callable[[bytes], Pixels],
    share: float,
    seed: int,
) -> Examples:
    """Decode all examples.

    Args:
        builder: Of the prepared dataset.
        keys: Names of the image and of the label.
        expressions: Of what trains, validates and tests; None takes validation from train.
        shape: Of the pictures.
        decoded: Makes the pixels of an encoded picture.
        share: Of each class of train that validates then.
        seed: Decides which.

    Raises:
        DatasetError: If an expression names no split, or a picture is damaged.
    """
    labels: list[int] = []
    splits: list[Split] = []
    names: list[str] = []
    with tempfile.TemporaryFile() as file:
        for split, expression in zip(SPLITS, expressions, strict=True):
            if expression is None:
                continue
            own = _write(file.write, builder, keys, expression, decoded)
            labels += own
            names += [f"{expression} number {number}" for number in range(len(own))]
            if split == "train" and expressions[1] is None:
                splits += validation_of(own, share, seed)
            else:
                splits += [split] * len(own)
        file.flush()
        # The mapping keeps the file, which has no name any more, until the pictures are dropped.
        pixels = np.memmap(file, np.uint8, "r", shape=(len(labels), *shape))

    def image(i: int) -> Pixels:
        return np.array(pixels[i])

    return Examples(splits, labels, image, names.__getitem__)


def _write(
    write: Callable[[bytes], object],
    builder: Builder,
    keys: tuple[str, str],
    expression: str,
    decoded: Callable[[bytes], Pixels],
) -> list[int]:
    """Write the pixels of a split; return its labels."""
    labels: list[int] = []

    def pixels(example: Mapping[str, bytes]) -> bytes:
        return decoded(bytes(example[keys[0]])).tobytes()

    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        examples = iter(_examples(builder, keys, expression))
        while several := list(itertools.islice(examples, AT_A_TIME)):
            try:
                for data in pool.map(pixels, several):
                    write(data)
                    labels.append(0)
            except DamagedPictureError as error:
                where = f"{expression} number {len(labels)}"
                raise DatasetError(f"{builder.info.full_name}: {where} {error}") from error
            labels[-len(several) :] = [int(example[keys[1]]) for example in several]
    if labels and min(labels) < 0:  # what TensorFlow Datasets writes where nobody knows the class
        raise DatasetError(f"{builder.info.full_name}: {expression} has images without a class")
    return labels


def _examples(
    builder: Builder, keys: tuple[str, str], expression: str
) -> Iterable[Mapping[str, bytes]]:
    """Return the examples of a split in a fixed order, their pictures still encoded."""
    from coralexp.tf_runtime import tf

    library = importlib.import_module("tensorflow_datasets")
    tf.get_logger().setLevel("ERROR")
    skipped = {keys[0]: library.decode.SkipDecoding()}
    try:
        dataset = builder.as_dataset(split=expression, decoders=skipped)
    except Exception as error:  # an expression is read by a parser that raises of many kinds
        lines = str(error).strip().splitlines() or [type(error).__name__]
        raise DatasetError(f"{builder.info.full_name}: {expression!r}: {lines[0]}") from error
    examples: Iterable[Mapping[str, bytes]] = library.as_numpy(dataset)
    return examples
