"""Where the files of MNIST and of those that took its form lie: four idx files, or Keras' archive.

Whoever has both gets the idx files, of a folder named first.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from coralexp.datasets.contract import Dataset
from coralexp.datasets.idx import read_idx
from coralexp.datasets.npz_archive import open_archive
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
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.data_folder import RemoteFile
    from coralexp.datasets.contract import Examples, Pixels
    from coralexp.datasets.official import Fit

SERVER = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
SIDE_PX = 28
IDX = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


@dataclass(frozen=True)
class Form:
    """One dataset of this form.

    Attributes:
        dataset: Name of the choice.
        folders: Names of folders that hold its files.
        npz: Name of Keras' archive; None if there is none.
        page: Where people find it.
        classes: Names of the classes.
    """

    dataset: str
    folders: Sequence[str]
    npz: str | None
    page: str
    classes: tuple[str, ...]


def dataset(
    form: Form,
    remotes: Sequence[RemoteFile],
    *,
    path: str | None,
    side_px: int,
    channels: int,
    fit: Fit,
    validation: float,
    limit: int | None,
) -> Dataset:
    """Return the dataset, its options checked.

    Args:
        form: Which.
        remotes: What is downloaded where nothing is here: the archive, or the four files.
        path: As for the choice, and so the others.
        side_px: See there.
        channels: See there.
        fit: See there.
        validation: See there.
        limit: See there.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
        OptionError: If an option is out of its range, or nothing of the kind lies at the path.
    """
    refuse_picture(side_px, channels)
    if fit == "pad" and side_px < SIDE_PX:
        raise OptionError(
            "side_px", f"must be at least {SIDE_PX} with fit=pad; got {side_px}; write fit=resize"
        )
    refuse_outside("validation", validation, 0.01, 0.5)
    given = _given(form, path)

    @cache
    def files() -> tuple[Path, ...]:
        return given or _found(form)

    def content() -> str:
        if files():
            return content_of(files())
        return expected(form.dataset, remotes, form.page)

    def fetch() -> tuple[Path, ...]:
        return tuple(fetched(form.dataset, remote, form.page) for remote in remotes)

    def open_(seed: int) -> Examples:
        train, test = _read(form, files() or fetch())
        shape = (side_px, side_px, channels)
        return examples(train, test, seed=seed, validation=validation, shape=shape, fit=fit)

    return Dataset((side_px, side_px, channels), form.classes, content, open_, limit, fetch)


def _given(form: Form, path: str | None) -> tuple[Path, ...]:
    if path is None:
        return ()
    place = place_of(path)
    if place.is_file():
        return (place,)
    files = _within(form, place)
    if not files:
        raise OptionError(
            "path", f"{place}: lacks {', '.join(_lacking(place))} (each may end in .gz)"
        )
    return files


def _found(form: Form) -> tuple[Path, ...]:
    """Return the files of the first place that has them; none if no place has."""
    for folder in places(form.dataset):
        files = _within(form, folder, flat=folder.name in form.folders)
        if files:
            return verified(form.dataset, files)
    return ()


def _within(form: Form, folder: Path, *, flat: bool = True) -> tuple[Path, ...]:
    """Return the files in a folder, or in one there of the dataset's name.

    Args:
        form: Which dataset.
        folder: Where to look.
        flat: Whether idx files may lie in the folder itself: MNIST and Fashion-MNIST call them the
            same, so not where files of several datasets lie.
    """
    for place in (*([folder] if flat else []), *(folder / name for name in form.folders)):
        if not _lacking(place):
            return tuple(_either(place, name) for name in IDX)
    if form.npz is not None and (folder / form.npz).is_file():
        return (folder / form.npz,)
    return ()


def _lacking(folder: Path) -> list[str]:
    return [name for name in IDX if not _either(folder, name).is_file()]


def _either(folder: Path, name: str) -> Path:
    """Return the file as it is, or gzipped, or as some unpackers call it."""
    plain, zipped = folder / name, folder / f"{name}.gz"
    dotted = folder / name.replace("-idx", ".idx")
    return next((path for path in (plain, zipped, dotted) if path.is_file()), zipped)


def _read(form: Form, files: Sequence[Path]) -> tuple[Labelled, Labelled]:
    if len(files) == 1:
        return _read_npz(form, files[0])
    images, labels, test_images, test_labels = files
    return (
        _labelled(form, read_idx(images, 3), read_idx(labels, 1).tolist(), images),
        _labelled(form, read_idx(test_images, 3), read_idx(test_labels, 1).tolist(), test_images),
    )


def _read_npz(form: Form, file: Path) -> tuple[Labelled, Labelled]:
    """Read the archive that Keras takes; nothing in it is unpickled."""
    try:
        archive = open_archive(file)
        splits = []
        for part in ("train", "test"):
            images, labels = f"x_{part}", f"y_{part}"
            pixels = archive.images(images, archive.image_shape(images))[..., 0]
            splits.append(_labelled(form, pixels, archive.labels(labels, images), file))
    except OptionError as error:
        raise DatasetError(f"{form.dataset}: {error.text}") from error
    return splits[0], splits[1]


def _labelled(form: Form, images: Pixels, labels: list[int], file: Path) -> Labelled:
    if images.shape[1:] != (SIDE_PX, SIDE_PX) or len(images) != len(labels) or not labels:
        raise DatasetError(
            f"{file}: has images {list(images.shape)} for {len(labels)} labels; expected "
            f"[N, {SIDE_PX}, {SIDE_PX}] for N"
        )
    if max(labels) >= len(form.classes):
        raise DatasetError(f"{file}: has a label {max(labels)}, above {len(form.classes) - 1}")
    return Labelled(images[..., None], labels)
