"""Reads the weights of .h5 files: Keras' old layout, and the one of `.weights.h5` and `.keras`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, BinaryIO

from coralexp.artifacts.hdf5_numbers import (
    LARGEST_BYTES,
    Budget,
    inside,
    readable,
    texts,
    values,
)
from coralexp.backbones.weights.stored import StoredLayer, group
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import h5py

    from coralexp.backbones.weights.stored import Array

_DEEPEST = 16
_RANKS = {1, 4}  # of every array in a backbone: vectors of normalization, kernels of convolutions


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

    budget = Budget(most_bytes)
    with readable(path), h5py.File(content or path, "r") as file:
        top = inside(file, "model_weights") if "model_weights" in file else file
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


def _old_layout(top: h5py.Group, budget: Budget) -> Iterator[tuple[str, Array]]:
    """Yield the variables of `model.save("x.h5")` and `model.save_weights("x.h5")`."""
    for layer in texts(top, "layer_names"):
        folder = inside(top, layer)
        for name in texts(folder, "weight_names"):
            array = _array(folder, name, budget)
            if array is not None:
                yield (name if "/" in name else f"{layer}/{name}"), array


def _new_layout(file: h5py.File, budget: Budget) -> list[StoredLayer]:
    """Return the layers of the folder that holds the most: of a model in a model, the inner one."""
    folders: list[list[StoredLayer]] = []
    _collect(file, 0, folders, budget)
    return max(folders, key=len, default=[])


def _collect(
    folder: h5py.Group, depth: int, folders: list[list[StoredLayer]], budget: Budget
) -> None:
    import h5py

    budget.enter()
    if depth > _DEEPEST:
        raise ValueError(f"folders in folders more than {_DEEPEST} deep")
    here: list[StoredLayer] = []
    for slot in sorted(folder, key=_natural):
        child = inside(folder, slot)
        if not isinstance(child, h5py.Group):
            continue
        variables = inside(child, "vars") if "vars" in child else None
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


def _array(folder: h5py.Group, name: str, budget: Budget) -> Array | None:
    """Return the values of a member; None for one that belongs to no backbone."""
    import h5py

    data = inside(folder, name)
    if not isinstance(data, h5py.Dataset) or data.ndim not in _RANKS or data.dtype.kind != "f":
        return None
    return values(data, name, budget)
