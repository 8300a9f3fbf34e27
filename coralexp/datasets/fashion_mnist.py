"""Fashion-MNIST: 70,000 pieces of clothing of 28 x 28 grey pixels.

Xiao, Rasul, Vollgraf, 2017, https://arxiv.org/abs/1708.07747.
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
    dataset="fashion_mnist",
    folders=("fashion_mnist", "fashion-mnist", "FashionMNIST", "FashionMNIST/raw"),
    npz=None,
    page="https://github.com/zalandoresearch/fashion-mnist",
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
)
SHA256 = {  # of the gzipped files, as TensorFlow Datasets checks them
    "train-images-idx3-ubyte": "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "train-labels-idx1-ubyte": "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "t10k-images-idx3-ubyte": "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "t10k-labels-idx1-ubyte": "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
}


def read(
    *,
    path: str | None = None,
    side_px: int = 28,
    fit: Literal["pad", "resize"] = "pad",
    channels: int = 1,
    validation: float = 0.1,
    limit: int | None = None,
) -> Dataset:
    """Read Fashion-MNIST: 60,000 pictures to train and validate, 10,000 to test, as published.

    Without a path the files are looked for in the folder that the environment variable
    CORALEXP_DATA names, then where Keras keeps them (`~/.keras/datasets`), and downloaded to there
    if neither has them: 31 MB, whose SHA-256 is checked.

    Args:
        path: Folder of the four files `train-images-idx3-ubyte` and so on, gzipped or not; None
            looks for it.
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
    remotes = [
        RemoteFile(
            f"fashion_mnist/{name}.gz",
            f"{mnist_files.SERVER}/{name}.gz",
            keras_cache() / "fashion-mnist" / f"{name}.gz",
            digest,
        )
        for name, digest in SHA256.items()
    ]
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
