"""ImageNet weights of keras.applications: from the folder where Keras keeps them, or its server."""

from __future__ import annotations

import contextlib
import io
import os
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Generator

_SERVER = "https://storage.googleapis.com/tensorflow/keras-applications"
PATIENCE_S = 10.0  # without an answer; not for the whole file


def fetch(network: str, name: str, server: str | None = None) -> Path:
    """Return the path of a file of weights, downloading it if it is not there.

    Args:
        network: Folder on the server, such as `mobilenet_v2`.
        name: Of the file.
        server: Where that folder is; None for the place of most networks of keras.applications.

    Raises:
        WeightsError: If it is neither there nor can be had; says where to put it.
    """
    folder = Path("~/.keras/models").expanduser()
    path = folder / name
    if path.is_file():
        return path
    url = f"{server or _SERVER}/{network}/{name}"
    draft = f".{name}.{os.getpid()}"
    from coralexp.tf_runtime import keras

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with _patience(PATIENCE_S), contextlib.redirect_stdout(io.StringIO()):
            fetched = keras.utils.get_file(
                draft, url, cache_dir=str(folder.parent), cache_subdir=folder.name
            )
        Path(fetched).replace(path)  # whole or absent, whatever happens to this process
    except Exception as error:  # get_file raises the bare class
        reason = str(error).removeprefix(f"URL fetch failure on {url}: None -- ")
        raise WeightsError(
            f"weights=imagenet: {name} could not be downloaded ({reason}); "
            f"fetch {url} on another machine and put it into {folder}, or write weights=null"
        ) from error
    finally:
        with contextlib.suppress(OSError):  # the folder itself may be what went wrong
            (folder / draft).unlink(missing_ok=True)
    return path


@contextlib.contextmanager
def _patience(seconds: float) -> Generator[None]:
    """Let no connection that is opened within wait longer for an answer."""
    before = socket.getdefaulttimeout()
    socket.setdefaulttimeout(seconds)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)
