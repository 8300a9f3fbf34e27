"""Reads HDF5 files of others as numbers: nothing outside the file, and never more than is bearable.

A Keras file says what network it holds, and a layer in it may be a program. That part stays unread.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import h5py

Array = npt.NDArray[np.generic]

LARGEST_BYTES = 2 << 30  # of a file's numbers together; a backbone here has below 100 MB
_MOST_FOLDERS = 100_000  # folders can hold themselves: 16 levels of them are countless


@dataclass
class Budget:
    """What may still be read of a file: a small one can unpack to more than any memory holds."""

    left_bytes: int
    left_folders: int = _MOST_FOLDERS

    def take(self, name: str, size_bytes: int) -> None:
        """Count an array before it is read."""
        self.left_bytes -= size_bytes
        if self.left_bytes < 0:
            raise ValueError(f"'{name}' claims {size_bytes} bytes, more than is read of one file")

    def enter(self) -> None:
        """Count a folder."""
        self.left_folders -= 1
        if self.left_folders < 0:
            raise ValueError(f"it has more than {_MOST_FOLDERS} folders")


def read_model(path: Path, most_bytes: int = LARGEST_BYTES) -> list[tuple[str, list[Array]]]:
    """Return every weight in a file of `model.save("x.h5")`; the network it describes stays unread.

    Args:
        path: Of the file.
        most_bytes: Of all arrays together, unpacked.

    Returns:
        Names of the layers with their weights, both in Keras' order; layers without weights are
        left out.

    Raises:
        WeightsError: If the file is damaged or holds no such model.
    """
    import h5py

    budget = Budget(most_bytes)
    layers = []
    with readable(path), h5py.File(path, "r") as file:
        top = inside(file, "model_weights")
        for name in texts(top, "layer_names"):
            folder = inside(top, name)
            names = texts(folder, "weight_names")
            arrays = [values(inside(folder, weight), weight, budget) for weight in names]
            if arrays:
                layers.append((name, arrays))
    return layers


@contextlib.contextmanager
def readable(path: Path) -> Generator[None]:
    """Turn what a damaged file raises into a WeightsError that names it."""
    try:
        yield
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as HDF5 ({error}); fetch or save it again"
        ) from error


def texts(folder: h5py.Group, attribute: str) -> list[str]:
    """Return a list of names; Keras splits one that is too long for an attribute into parts."""
    names = list(folder.attrs.get(attribute, []))
    part = 0
    while not names or part:
        more = folder.attrs.get(f"{attribute}{part}")
        if more is None:
            break
        names.extend(more)
        part += 1
    return [name.decode() if isinstance(name, bytes) else str(name) for name in names]


def inside(folder: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Return a member, refusing links that lead out of the file."""
    import h5py

    steps = name.split("/")
    here: h5py.Group | h5py.Dataset = folder
    for step in steps:
        if not isinstance(here.get(step, getlink=True), h5py.HardLink):
            raise ValueError(f"'{name}' is missing or a link")
        here = here[step]
    return here


def values(data: h5py.Group | h5py.Dataset, name: str, budget: Budget) -> Array:
    """Return what an array holds, unpacked.

    Raises:
        ValueError: If it holds no numbers, or is kept outside the file, or is too large.
    """
    import h5py

    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiub":
        raise ValueError(f"'{name}' holds no numbers")
    if data.external or data.is_virtual:
        raise ValueError(f"'{name}' is kept outside the file")
    budget.take(name, data.nbytes)
    return np.asarray(data[()])
