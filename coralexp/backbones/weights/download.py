"""ImageNet weights of keras.applications: from the data folder, Keras' folder or its server."""

from __future__ import annotations

from pathlib import Path

from coralexp.artifacts import downloads
from coralexp.artifacts.data_folder import VARIABLE, RemoteFile, obtain
from coralexp.errors import WeightsError

SERVER = "https://storage.googleapis.com/tensorflow/keras-applications"
FOLDER = "models"  # below the data folder, as below Keras' own


def fetch(network: str, name: str, sha256: str | None = None, server: str | None = None) -> Path:
    """Return the path of a file of weights, downloading it if it is not there.

    It is looked for in the folder that the environment variable CORALEXP_DATA names (there, or in
    `models`), then where Keras keeps such files, `~/.keras/models`, where it is put if it has to be
    downloaded.

    Args:
        network: Folder on the server, such as `mobilenet_v2`.
        name: Of the file.
        sha256: Digest that a downloaded file must have; None if none is published.
        server: Where that folder is; None for the place of most networks of keras.applications.

    Raises:
        WeightsError: If it is neither there nor can be had; says where to put it.
    """
    folder = Path("~/.keras/models").expanduser()
    url = f"{server or SERVER}/{network}/{name}"
    try:
        return obtain(RemoteFile(f"{FOLDER}/{name}", url, folder / name, sha256, others=(name,)))
    except OSError as error:
        raise WeightsError(
            f"weights=imagenet: {name} could not be downloaded ({downloads.reason(error)}); "
            f"fetch {url} on another machine and put it into {folder}, or into {FOLDER}/ of a "
            f"folder that {VARIABLE} names, or write weights=null"
        ) from error
