"""Where the files of CIFAR-10 and CIFAR-100 lie, and how pictures are stored in them.

Format: https://www.cs.toronto.edu/~kriz/cifar.html. A picture is 3072 bytes: 1024 of red, then
green, then blue, row by row. The binary form puts its label, or its labels, before it; the Python
form is a dictionary of an array `[N, 3072]` and a list of labels.
"""

from __future__ import annotations

import lzma
import tarfile
import zlib
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from coralexp.datasets.cifar_pickle import read_batch
from coralexp.datasets.contract import Dataset
from coralexp.datasets.official import (
    Labelled,
    content_of,
    examples,
    expected,
    fetched,
    places,
    verified,
)
from coralexp.datasets.options import place_of, refuse_outside, refuse_picture
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from coralexp.artifacts.data_folder import RemoteFile
    from coralexp.datasets.contract import Examples, Pixels

SERVER = "https://www.cs.toronto.edu/~kriz"
PAGE = "https://www.cs.toronto.edu/~kriz/cifar.html"
SIDE_PX = 32
PICTURE_BYTES = 3 * SIDE_PX**2
MOST_BYTES = 200 * 2**20  # of a file in an archive: the largest real one has 155 MB
MOST_FILES = 64
DAMAGE = (OSError, EOFError, tarfile.TarError, zlib.error, lzma.LZMAError)


@dataclass(frozen=True)
class Form:
    """How one of the two datasets is published.

    Attributes:
        dataset: Name of the choice.
        archives: Names of archives, looked for in this order.
        folders: Names of the folders in them.
        train: Files that train, without the `.bin` of the binary form.
        test: File that tests.
        labels: Names of the labels in the Python form, in the order of the binary form.
        label: Which of them is the class.
        classes: Names of the classes.
    """

    dataset: str
    archives: Sequence[str]
    folders: Sequence[str]
    train: Sequence[str]
    test: str
    labels: Sequence[str]
    label: str
    classes: tuple[str, ...]


def dataset(
    form: Form,
    remote: RemoteFile,
    *,
    path: str | None,
    side_px: int,
    validation: float,
    limit: int | None,
) -> Dataset:
    """Return one of the two datasets, its options checked.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
        OptionError: If an option is out of its range, or nothing of the kind lies at the path.
    """
    refuse_picture(side_px, 3)
    refuse_outside("validation", validation, 0.01, 0.5)
    given = _given(form, path)

    @cache
    def files() -> tuple[Path, ...]:
        return given or _found(form)

    def content() -> str:
        return content_of(files()) if files() else expected(form.dataset, (remote,), PAGE)

    def open_(seed: int) -> Examples:
        here = files() or (fetched(form.dataset, remote, PAGE),)
        train, test = _read(form, here)
        shape = (side_px, side_px, 3)
        return examples(train, test, seed=seed, validation=validation, shape=shape)

    def fetch() -> Path:
        return fetched(form.dataset, remote, PAGE)

    return Dataset((side_px, side_px, 3), form.classes, content, open_, limit, fetch)


def _given(form: Form, path: str | None) -> tuple[Path, ...]:
    """Return the files at the user's path: an archive, or those of a folder."""
    if path is None:
        return ()
    place = place_of(path)
    if place.is_file():
        return (place,)
    files = _within(form, place)
    if not files:
        raise OptionError(
            "path",
            f"{place}: holds neither {' nor '.join(form.archives[:2])}, nor {form.train[0]} or "
            f"{form.train[0]}.bin",
        )
    return files


def _found(form: Form) -> tuple[Path, ...]:
    """Return the files of the first place that has them; none if no place has."""
    for folder in places(form.dataset):
        files = _within(form, folder)
        if files:
            return verified(form.dataset, files)
    return ()


def _within(form: Form, folder: Path) -> tuple[Path, ...]:
    for name in form.archives:
        if (folder / name).is_file():
            return (folder / name,)
    for place in (folder, *(folder / name for name in form.folders)):
        for suffix in ("", ".bin"):
            files = tuple(place / f"{name}{suffix}" for name in (*form.train, form.test))
            if all(file.is_file() for file in files):
                return files
    return ()


def _read(form: Form, files: tuple[Path, ...]) -> tuple[Labelled, Labelled]:
    """Read both splits.

    Raises:
        DatasetError: If an archive or one of its files is damaged, missing or of another kind.
    """
    wanted = {f"{name}{suffix}" for name in (*form.train, form.test) for suffix in ("", ".bin")}
    parts: dict[str, Labelled] = {}
    for name, data in _members(files, wanted):
        read = _read_binary if name.endswith(".bin") else _read_python
        parts[name.removesuffix(".bin")] = read(form, data, f"{files[0].name}: {name}")
    lacking = [name for name in (*form.train, form.test) if name not in parts]
    if lacking:
        raise DatasetError(
            f"{files[0]}: lacks {', '.join(lacking)}; it is not the archive of {form.dataset}"
        )
    train = [parts[name] for name in form.train]
    images = np.concatenate([part.images for part in train])
    labels = [label for part in train for label in part.labels]
    return Labelled(images, labels), parts[form.test]


def _members(files: tuple[Path, ...], wanted: set[str]) -> Iterator[tuple[str, bytes]]:
    """Yield the wanted files' names and bytes; nothing of an archive is written to the disk."""
    here = files[0]
    try:
        if len(files) > 1:
            for here in files:
                if here.stat().st_size > MOST_BYTES:
                    raise DatasetError(f"{here}: is larger than any file of CIFAR")
                yield here.name, here.read_bytes()
            return
        with tarfile.open(here) as archive:
            for count, member in enumerate(archive):
                if count >= MOST_FILES or member.size > MOST_BYTES:
                    raise DatasetError(f"{here}: holds more than any archive of CIFAR")
                name = member.name.rpartition("/")[2]
                stream = archive.extractfile(member) if member.isreg() and name in wanted else None
                if stream is not None:
                    yield name, stream.read(MOST_BYTES)
    except DAMAGE as error:
        raise DatasetError(f"{here}: is damaged or no archive of CIFAR ({error})") from error


def _read_binary(form: Form, data: bytes, name: str) -> Labelled:
    row = len(form.labels) + PICTURE_BYTES
    if not data or len(data) % row:
        raise DatasetError(f"{name}: has {len(data)} bytes; expected a multiple of {row}")
    rows = np.frombuffer(data, np.uint8).reshape(-1, row)
    labels = rows[:, form.labels.index(form.label)].tolist()
    return _labelled(form, rows[:, len(form.labels) :], labels, name)


def _read_python(form: Form, data: bytes, name: str) -> Labelled:
    batch = read_batch(data, name)
    pixels, given = batch.get("data"), batch.get(form.label)
    labels: list[object] = given if isinstance(given, list) else []
    if (
        not labels
        or not isinstance(pixels, np.ndarray)
        or pixels.dtype != np.uint8
        or pixels.shape != (len(labels), PICTURE_BYTES)
    ):
        raise DatasetError(
            f"{name}: expected an array 'data' of uint8 [N, {PICTURE_BYTES}] and a list "
            f"{form.label!r} of N labels"
        )
    return _labelled(form, pixels, labels, name)


def _labelled(form: Form, pixels: Pixels, labels: Sequence[object], name: str) -> Labelled:
    numbers = [label for label in labels if type(label) is int and 0 <= label < len(form.classes)]
    if len(numbers) < len(labels):
        raise DatasetError(f"{name}: has labels outside 0 to {len(form.classes) - 1}")
    planes = pixels.reshape(-1, 3, SIDE_PX, SIDE_PX)
    return Labelled(np.ascontiguousarray(planes.transpose(0, 2, 3, 1)), numbers)
