"""Any classification dataset of TensorFlow Datasets, by its name there.

Catalogue: https://www.tensorflow.org/datasets/catalog/overview.
"""

from __future__ import annotations

import difflib
import hashlib
import importlib.resources.abc
import shutil
import sys
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.data_folder import collection_folder, data_folder, record
from coralexp.artifacts.downloads import await_network, reason
from coralexp.datasets.contract import Dataset
from coralexp.datasets.options import refuse_outside, refuse_picture
from coralexp.datasets.pictures import decode
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from types import ModuleType

    from coralexp.datasets.contract import Examples
    from coralexp.datasets.tfds_examples import Builder

VERSION = 1

FOLDER = "tfds"  # below the data folder
_SUGGESTED = 3


def tensorflow_datasets() -> ModuleType:
    """Return the library, which does not import TensorFlow by itself.

    Raises:
        DatasetError: If it is not installed.
    """
    try:
        library = importlib.import_module("tensorflow_datasets")
    except ImportError as error:
        raise DatasetError(
            "tfds: TensorFlow Datasets is not installed; run: pip install 'coralexp[tfds]'"
        ) from error
    if find_spec("importlib_resources") is None:
        # Release 4.9.10 imports it without requiring it; Python's own has what it asks for.
        sys.modules.setdefault("importlib_resources", importlib.resources)
    return library


def read(
    *,
    name: str,
    train_split: str = "train",
    validation_split: str | None = None,
    test_split: str = "test",
    data_dir: str | None = None,
    side_px: int = 96,
    channels: int = 3,
    resize: Literal["crop", "stretch"] = "crop",
    validation: float = 0.1,
    limit: int | None = None,
) -> Dataset:
    """Read a dataset with one image and one class label an example.

    It is read where TensorFlow Datasets prepared it, and prepared, with its downloads, if it is
    not there yet: in `tfds` below the folder that the environment variable CORALEXP_DATA names, if
    that is there, else where TensorFlow Datasets keeps its data (`TFDS_DATA_DIR`, or
    `~/tensorflow_datasets`). Its name with its version stands for its content, as TensorFlow
    Datasets promises; of a dataset that was made by someone else, its description on the disk.

    Pictures are decoded once, at their final size, into a temporary file: memory does not limit
    them.

    Args:
        name: As in the catalogue, such as `beans`, `name/config` or `name:1.2.0`.
        train_split: Split expression of what trains, such as `train` or `train[:80%]`.
        validation_split: Of what validates; None takes a share of each class of train.
        test_split: Of what tests.
        data_dir: Folder of prepared datasets; None looks as told above.
        side_px: Height and width that every picture is brought to.
        channels: 3 (colour) or 1 (grey).
        resize: `crop` takes the largest square in the middle, `stretch` everything; then bilinear,
            antialiased.
        validation: That share, 0.01 to 0.5, where there is no `validation_split`; the seed decides.
        limit: Keep at most that many pictures in all.

    Raises:
        DatasetError: If TensorFlow Datasets is not installed, or the dataset is not one of images
            with one label each.
        OptionError: If no dataset has that name, or an option is out of its range.
    """
    refuse_picture(side_px, channels)
    refuse_outside("validation", validation, 0.01, 0.5)
    expressions = (train_split, validation_split, test_split)
    for option, other in (("test_split", test_split), ("validation_split", validation_split)):
        if other == train_split:
            raise OptionError(option, f"is {other}, which trains; take another part to judge by")
    if test_split == validation_split:
        raise OptionError("test_split", f"is {test_split}, which validates; take another part")
    builder = _builder(name, data_dir)
    keys = _keys(name, builder)
    classes = tuple(str(label) for label in builder.info.features[keys[1]].names)

    @cache
    def content() -> str:
        if not _is_prepared(builder):
            _await_publisher(name, builder)
        parts = [str(builder.info.full_name)]
        if _is_foreign(builder):
            parts += [
                hashlib.sha256((Path(builder.data_dir) / file).read_bytes()).hexdigest()
                for file in ("dataset_info.json", "features.json")
            ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def open_(seed: int) -> Examples:
        from coralexp.datasets.tfds_examples import read_examples

        _prepare(name, builder)
        return read_examples(
            builder,
            keys,
            expressions,
            shape=(side_px, side_px, channels),
            decoded=lambda data: decode(data, side_px, channels, resize),
            share=validation,
            seed=seed,
        )

    def fetch() -> None:
        folder = collection_folder()
        if folder is None:
            _prepare(name, builder)
        else:
            _collect(name, builder, folder)

    return Dataset((side_px, side_px, channels), classes, content, open_, limit, fetch)


def _builder(name: str, data_dir: str | None) -> Builder:
    """Find the dataset, without downloading and without TensorFlow.

    Raises:
        DatasetError: If the library is missing, or the environment names no folder.
        OptionError: If there is no dataset of that name.
    """
    library = tensorflow_datasets()
    if data_dir is not None:
        data_dir = str(Path(data_dir).expanduser())
    else:
        try:
            given = data_folder()
        except OSError as error:
            raise DatasetError(f"tfds: {error}") from error
        if given is not None and (given / FOLDER).is_dir():
            data_dir = str(given / FOLDER)
    try:
        builder: Builder = library.builder(name, data_dir=data_dir)
    except library.core.DatasetNotFoundError as error:
        known = library.list_builders(with_community_datasets=False)
        near = difflib.get_close_matches(name, known, _SUGGESTED)
        hint = f"; did you mean {', '.join(near)}?" if near else ""
        raise OptionError("name", f"TensorFlow Datasets has no {name!r}{hint}") from error
    except Exception as error:  # names are read by a parser, versions by another, code by Python
        raise OptionError("name", f"{name!r}: {_first_line(error)}") from error
    return builder


def _keys(name: str, builder: Builder) -> tuple[str, str]:
    """Return the names of the image and of its label."""
    features = builder.info.features
    library = tensorflow_datasets()
    kinds = library.features.Image, library.features.ClassLabel
    if not isinstance(features, library.features.FeaturesDict):
        raise DatasetError(f"tfds: {name} has no examples of named parts")
    images, labels = ([key for key in features if isinstance(features[key], k)] for k in kinds)
    supervised = builder.info.supervised_keys or ()
    chosen = [
        next((key for key in found if key in supervised), found[0] if len(found) == 1 else None)
        for found in (images, labels)
    ]
    if chosen[0] is None or chosen[1] is None:
        raise DatasetError(
            f"tfds: {name} is not of one image and one class label an example; it has: "
            f"{', '.join(features)}"
        )
    return chosen[0], chosen[1]


def _is_foreign(builder: Builder) -> bool:
    """Return whether all that is known of the dataset is what lies on the disk."""
    return isinstance(builder, tensorflow_datasets().core.read_only_builder.ReadOnlyBuilder)


def _is_prepared(builder: Builder) -> bool:
    return (Path(builder.data_dir) / "dataset_info.json").is_file()


def _await_publisher(name: str, builder: Builder) -> None:
    """Refuse to begin what needs a network, where none answers."""
    url = next(iter(builder.url_infos or ()), None)
    if url is None:
        return
    try:
        await_network(url)
    except OSError as error:
        raise DatasetError(
            f"tfds: {name} is not prepared in {builder.data_dir} and {url} does not answer "
            f"({reason(error)}). Prepare it on another machine with: coralexp fetch dataset=tfds "
            f"dataset.name={name} --to DIR, and give it here as CORALEXP_DATA=DIR"
        ) from error


def _prepare(name: str, builder: Builder) -> None:
    """Download and prepare the dataset, unless it is there."""
    if _is_prepared(builder):
        return
    _await_publisher(name, builder)
    from coralexp.tf_runtime import tf

    tf.get_logger().setLevel("ERROR")
    try:
        builder.download_and_prepare()
    except Exception as error:  # whatever a publisher's server, a disk or the dataset's code raise
        raise DatasetError(f"tfds: {name} cannot be prepared: {_first_line(error)}") from error


def _collect(name: str, builder: Builder, folder: Path) -> None:
    """Copy the prepared dataset into a folder, or prepare it there."""
    place = folder / FOLDER / builder.info.full_name
    try:
        if not (place / "dataset_info.json").is_file():
            if _is_prepared(builder):
                shutil.copytree(builder.data_dir, place, dirs_exist_ok=True)
            else:
                _prepare(name, _builder(name, str(folder / FOLDER)))
        for file in sorted(place.iterdir()):
            record(file)
    except OSError as error:
        raise DatasetError(f"tfds: {name} cannot be put into {place}: {error}") from error


def _first_line(error: Exception) -> str:
    return next((line for line in str(error).splitlines() if line.strip()), type(error).__name__)
