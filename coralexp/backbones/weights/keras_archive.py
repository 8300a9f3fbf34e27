"""Reads the weights of .keras files: the numbers in the archive; its configuration stays shut."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from coralexp.artifacts.hdf5_numbers import LARGEST_BYTES
from coralexp.backbones.weights import hdf5
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.backbones.weights.stored import StoredLayer

_MEMBER = "model.weights.h5"


def read(path: Path, most_bytes: int = LARGEST_BYTES) -> list[StoredLayer]:
    """Return the layers of a file, in its order.

    Args:
        path: Of the file.
        most_bytes: Of the unpacked archive's member and of all arrays in it, together.

    Raises:
        WeightsError: If the file is damaged or holds no layers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = archive.getinfo(_MEMBER).file_size
            if unpacked > most_bytes:
                raise WeightsError(f"{path}: {_MEMBER} in it claims {unpacked} bytes")
            content = io.BytesIO(archive.read(_MEMBER))
    except KeyError as error:
        raise WeightsError(
            f"{path}: has no {_MEMBER}, so it is no .keras file of Keras 2.12 or later"
        ) from error
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as a .keras archive ({error}); save it again"
        ) from error
    return hdf5.read(path, content, most_bytes - unpacked)
