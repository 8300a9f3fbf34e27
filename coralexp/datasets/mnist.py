"""MNIST: 70,000 handwritten digits of 28 x 28 grey pixels.

LeCun, Cortes, Burges, http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from coralexp.artifacts.data_folder import RemoteFile
from coralexp.datasets import mnist_files
from coralexp.datasets.official import keras_cache

if TYPE_CHECKING:
    from coralexp.datasets.contract import Dataset

VERSION = 1

FORM = mnist_files.Form(
    dataset="mnist",
    folders=("mnist", "MNIST", "MNIST/raw"),
    npz="mnist.npz",
    page="http://yann.lecun.com/exdb/mnist/",
    classes=tuple(str(digit) for digit in range(10)),
)
SHA256 = "731c5ac602752760c8e48fbffcf8c3b850d9dc2a2aedcf2cc48468fc17b673d1"  # as Keras checks it


def read(
    *,
    path: str | None = None,
    side_px: int = 28,
    fit: Literal["pad", "resize"] = "pad",
    channels: int = 1,
    validation: float = 0.1,
    limit: int | None = None,
) -> Dataset:
    """Read MNIST: 60,000 pictures to train and validate, 10,000 to test, as published.

    Without a path the files are looked for in the folder that the environment variable
    CORALEXP_DATA names, then where Keras keeps them (`~/.keras/datasets`), and downloaded to there
    if neither has them: 11 MB, whose SHA-256 is checked.

    Args:
        path: Folder of the four files `train-images-idx3-ubyte` and so on, gzipped or not, or
            `mnist.npz` as Keras takes it; None looks for either.
        side_px: Height and width of a picture; 28 is as published, 32 suits networks that halve the
            image five times.
        fit: `pad` lays a picture on black, in the middle; `resize` enlarges or shrinks it,
            bilinearly.
        channels: 1 (grey) or 3 (the same thrice, for weights that were trained on colour).
        validation: Share of each class of the training pictures that validates, 0.01 to 0.5; the
            seed decides which.
        limit: Keep at most that many pictures in all.

    Raises:
        DatasetError: If the environment names a data folder that is not there.
        OptionError: If an option is out of its range, or nothing of the kind lies at the path.
    """
    remote = RemoteFile(
        "mnist.npz",
        f"{mnist_files.SERVER}/mnist.npz",
        keras_cache() / "mnist.npz",
        SHA256,
        others=("mnist/mnist.npz",),
    )
    remotes = (remote,)
    return mnist_files.dataset(
        FORM,
        remotes,
        path=path,
        side_px=side_px,
        channels=channels,
        fit=fit,
        validation=validation,
        limit=limit,
    )
