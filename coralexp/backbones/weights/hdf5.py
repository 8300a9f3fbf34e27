"""Reads the weights of .h5 files: Keras' old layout, and the one of `.weights.h5` and `.keras`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

import numpy as np

from coralexp.backbones.weights.stored import Array, StoredLayer, group
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py

_LARGEST_BYTES = 1 << 30  # of one array; the largest of a backbone here is below 20 MB
_DEEPEST = 16
_RANKS = {1, 4}  # of every array in a backbone: vectors of normalization, kernels of convolutions


def read(path: Path, content: BinaryIO | None = None) -> list[StoredLayer]:
    """Return the layers of a file, in its order.

    Links out of the file and data kept outside it are not followed.

    Args:
        path: Of the file.
        content: What to read in its stead, such as a member of an archive of that path.

    Raises:
        WeightsError: If the file is damaged or holds no layers.
    """
    import h5py

    try:
        with h5py.File(content or path, "r") as file:
            top = file.get("model_weights", file)
            layers = (
                group(list(_old_layout(top))) if "layer_names" in top.attrs else _new_layout(file)
            )
    except (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError) as error:
        raise WeightsError(
            f"{path}: cannot be read as HDF5 ({error}); fetch or save it again"
        ) from error
    if not layers:
        raise WeightsError(
            f"{path}: holds no layers with weights, neither in Keras' old layout nor its new one"
        )
    return layers


def _old_layout(top: h5py.Group) -> Iterator[tuple[str, Array]]:
    """Yield the variables of `model.save("x.h5")` and `model.save_weights("x.h5")`."""
    for layer in _texts(top, "layer_names"):
        folder = _inside(top, layer)
        for name in _texts(folder, "weight_names"):
            array = _array(folder, name)
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


def _new_layout(file: h5py.File) -> list[StoredLayer]:
    """Return the layers of the folder that holds the most: of a model in a model, the inner one."""
    folders: list[list[StoredLayer]] = []
    _collect(file, 0, folders)
    return max(folders, key=len, default=[])


def _collect(folder: h5py.Group, depth: int, folders: list[list[StoredLayer]]) -> None:
    import h5py

    if depth > _DEEPEST:
        raise ValueError(f"folders in folders more than {_DEEPEST} deep")
    here: list[StoredLayer] = []
    for slot in sorted(folder, key=_natural):
        child = _inside(folder, slot)
        if not isinstance(child, h5py.Group):
            continue
        variables = _inside(child, "vars") if "vars" in child else None
        if isinstance(variables, h5py.Group) and len(variables):
            arrays = [_array(variables, number) for number in sorted(variables, key=_natural)]
            name = variables.attrs.get("name", child.attrs.get("name", ""))
            kept = tuple(array for array in arrays if array is not None)
            if kept:
                here.append(StoredLayer(str(name), slot, kept))
        _collect(child, depth + 1, folders)
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


def _array(folder: h5py.Group, name: str) -> Array | None:
    """Return the values of a member; None for one that belongs to no backbone."""
    import h5py

    data = _inside(folder, name)
    if not isinstance(data, h5py.Dataset) or data.ndim not in _RANKS or data.dtype.kind != "f":
        return None
    if data.external or data.is_virtual:
        raise ValueError(f"'{name}' is kept outside the file")
    if data.nbytes > _LARGEST_BYTES:
        raise ValueError(f"'{name}' claims {data.nbytes} bytes")
    return np.asarray(data[()])
