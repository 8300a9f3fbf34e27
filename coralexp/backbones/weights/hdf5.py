"""Reads the weights of .h5 files: Keras' old layout, and the one of `.weights.h5` and `.keras`."""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from coralexp.backbones.weights.stored import Array, StoredLayer, group
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    import h5py

LARGEST_BYTES = 2 << 30  # of a file's numbers together; a backbone here has below 100 MB
_MOST_FOLDERS = 100_000  # folders can hold themselves: 16 levels of them are countless
_DEEPEST = 16
_RANKS = {1, 4}  # of every array in a backbone: vectors of normalization, kernels of convolutions


@dataclass
class _Budget:
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


def read(
    path: Path, content: BinaryIO | None = None, most_bytes: int = LARGEST_BYTES
) -> list[StoredLayer]:
    """Return the layers of a file, in its order.

    Links out of the file and data kept outside it are not followed.

    Args:
        path: Of the file.
        content: What to read in its stead, such as a member of an archive of that path.
        most_bytes: Of all arrays together, unpacked.

    Raises:
        WeightsError: If the file is damaged or holds no layers.
    """
    import h5py

    budget = _Budget(most_bytes)
    with _readable(path), h5py.File(content or path, "r") as file:
        top = _top(file)
        layers = (
            group(list(_old_layout(top, budget)))
            if "layer_names" in top.attrs
            else _new_layout(file, budget)
        )
    if not layers:
        raise WeightsError(
            f"{path}: holds no layers with weights, neither in Keras' old layout nor its new one"
        )
    return layers


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

    budget = _Budget(most_bytes)
    layers = []
    with _readable(path), h5py.File(path, "r") as file:
        top = _inside(file, "model_weights")
        for name in _texts(top, "layer_names"):
            folder = _inside(top, name)
            names = _texts(folder, "weight_names")
            arrays = [_values(_inside(folder, weight), weight, budget) for weight in names]
            if arrays:
                layers.append((name, arrays))
    return layers


@contextlib.contextmanager
def _readable(path: Path) -> Generator[None]:
    try:
        yield
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as HDF5 ({error}); fetch or save it again"
        ) from error


def _top(file: h5py.File) -> h5py.Group:
    return _inside(file, "model_weights") if "model_weights" in file else file


def _old_layout(top: h5py.Group, budget: _Budget) -> Iterator[tuple[str, Array]]:
    """Yield the variables of `model.save("x.h5")` and `model.save_weights("x.h5")`."""
    for layer in _texts(top, "layer_names"):
        folder = _inside(top, layer)
        for name in _texts(folder, "weight_names"):
            array = _array(folder, name, budget)
            if array is not None:
                yield (name if "/" in name else f"{layer}/{name}"), array


def _texts(folder: h5py.Group, attribute: str) -> list[str]:
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


def _new_layout(file: h5py.File, budget: _Budget) -> list[StoredLayer]:
    """Return the layers of the folder that holds the most: of a model in a model, the inner one."""
    folders: list[list[StoredLayer]] = []
    _collect(file, 0, folders, budget)
    return max(folders, key=len, default=[])


def _collect(
    folder: h5py.Group, depth: int, folders: list[list[StoredLayer]], budget: _Budget
) -> None:
    import h5py

    budget.enter()
    if depth > _DEEPEST:
        raise ValueError(f"folders in folders more than {_DEEPEST} deep")
    here: list[StoredLayer] = []
    for slot in sorted(folder, key=_natural):
        child = _inside(folder, slot)
        if not isinstance(child, h5py.Group):
            continue
        variables = _inside(child, "vars") if "vars" in child else None
        if isinstance(variables, h5py.Group) and len(variables):
            arrays = [
                _array(variables, number, budget) for number in sorted(variables, key=_natural)
            ]
            name = variables.attrs.get("name", child.attrs.get("name", ""))
            kept = tuple(array for array in arrays if array is not None)
            if kept:
                here.append(StoredLayer(str(name), slot, kept))
        _collect(child, depth + 1, folders, budget)
    folders.append(here)


def _natural(text: str) -> tuple[str, int]:
    """Sort `conv2d`, `conv2d_2`, `conv2d_10` in that order."""
    found = re.fullmatch(r"(.*?)_?(\d*)", text)
    return (found[1], int(found[2] or 0)) if found else (text, 0)


def _inside(folder: h5py.Group, name: str) -> h5py.Group | h5py.Dataset:
    """Return a member, refusing links that lead out of the file."""
    import h5py

    steps = name.split("/")
    here: h5py.Group | h5py.Dataset = folder
    for step in steps:
        if not isinstance(here.get(step, getlink=True), h5py.HardLink):
            raise ValueError(f"'{name}' is missing or a link")
        here = here[step]
    return here


def _array(folder: h5py.Group, name: str, budget: _Budget) -> Array | None:
    """Return the values of a member; None for one that belongs to no backbone."""
    import h5py

    data = _inside(folder, name)
    if not isinstance(data, h5py.Dataset) or data.ndim not in _RANKS or data.dtype.kind != "f":
        return None
    return _values(data, name, budget)


def _values(data: h5py.Group | h5py.Dataset, name: str, budget: _Budget) -> Array:
    import h5py

    if not isinstance(data, h5py.Dataset) or data.dtype.kind not in "fiub":
        raise ValueError(f"'{name}' holds no numbers")
    if data.external or data.is_virtual:
        raise ValueError(f"'{name}' is kept outside the file")
    budget.take(name, data.nbytes)
    return np.asarray(data[()])
