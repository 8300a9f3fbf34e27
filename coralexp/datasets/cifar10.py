"""CIFAR-10: 60,000 photographs of 32 x 32 pixels in ten classes.

Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.data_folder import RemoteFile
from coralexp.datasets import cifar
from coralexp.datasets.official import keras_cache

if TYPE_CHECKING:
    from coralexp.datasets.contract import Dataset

VERSION = 1

ARCHIVE = "cifar-10-python.tar.gz"
SHA256 = "6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce"  # as Keras checks it
FORM = cifar.Form(
    dataset="cifar10",
    archives=(ARCHIVE, "cifar-10-binary.tar.gz", "cifar-10-batches-py.tar.gz"),
    folders=("cifar-10-batches-py", "cifar-10-batches-bin"),
    train=tuple(f"data_batch_{number}" for number in range(1, 6)),
    test="test_batch",
    labels=("labels",),
    label="labels",
    classes=(
        "airplane",
        "automobile",
        "bird",
        "cat",
        "deer",
        "dog",
        "frog",
        "horse",
        "ship",
        "truck",
    ),
)


def read(
    *,
    path: str | None = None,
    side_px: int = 32,
    validation: float = 0.1,
    limit: int | None = None,
) -> Dataset:
    """Read CIFAR-10: 50,000 pictures to train and validate, 10,000 to test, as published.

    Without a path the files are looked for in the folder that the environment variable
    CORALEXP_DATA names, then where Keras keeps them (`~/.keras/datasets`), and downloaded to there
    if neither has them: 170 MB, whose SHA-256 is checked.

    Args:
        path: `cifar-10-python.tar.gz` or `cifar-10-binary.tar.gz`, or a folder that holds one of
            them or what was unpacked from it; None looks for them.
        side_px: Height and width that every picture is brought to, bilinearly; 32 leaves them as
            they are.
        validation: Share of each class of the training pictures that validates, 0.01 to 0.5; the
            seed decides which.
        limit: Keep at most that many pictures in all.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
        OptionError: If an option is out of its range, or nothing of the kind lies at the path.
    """
    remote = RemoteFile(
        ARCHIVE,
        f"{cifar.SERVER}/{ARCHIVE}",
        keras_cache() / "cifar-10-batches-py.tar.gz",
        SHA256,
        others=(f"cifar10/{ARCHIVE}",),
    )
    return cifar.dataset(
        FORM, remote, path=path, side_px=side_px, validation=validation, limit=limit
    )
