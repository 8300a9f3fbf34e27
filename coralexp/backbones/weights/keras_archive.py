"""Reads the weights of .keras files: the numbers in the archive; its configuration stays shut."""

from __future__ import annotations

import io
import zipfile
import zlib
from typing import TYPE_CHECKING

from coralexp.backbones.weights import hdf5
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.backbones.weights.stored import StoredLayer

_MEMBER = "model.weights.h5"
_LARGEST_BYTES = 4 << 30


def read(path: Path) -> list[StoredLayer]:
    """Return the layers of a file, in its order.

    Raises:
        WeightsError: If the file is damaged or holds no layers.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            if archive.getinfo(_MEMBER).file_size > _LARGEST_BYTES:
                raise WeightsError(f"{path}: {_MEMBER} in it is larger than {_LARGEST_BYTES} bytes")
            content = io.BytesIO(archive.read(_MEMBER))
    except KeyError as error:
        raise WeightsError(
            f"{path}: has no {_MEMBER}, so it is no .keras file of Keras 2.12 or later"
        ) from error
    except (OSError, zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as a .keras archive ({error}); save it again"
        ) from error
    return hdf5.read(path, content)
