"""Reads the tensors of a .pth file without torch, and without running what a pickle may ask for.

PyTorch before 1.6 wrote five pickles one after the other (a magic number, the protocol, the
machine, the object, the keys of its storages) and then the storages' bytes. The object is a
dictionary of names to calls that rebuild tensors. The reader knows these calls and no others: a
pickle that names anything else is refused before it is called.
"""

from __future__ import annotations

import io
import math
import pickle  # noqa: S403 - only behind find_class below
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_MAGIC = 0x1950A86A20F9469CFC6C
_PROTOCOL = 1001
_COUNT_BYTES = 8
_DTYPES = {"FloatStorage": "<f4", "DoubleStorage": "<f8", "LongStorage": "<i8", "IntStorage": "<i4"}


@dataclass(frozen=True)
class _Storage:
    dtype: str
    key: str
    count: int


@dataclass(frozen=True)
class _Tensor:
    storage: _Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]


def _rebuild(
    storage: object,
    offset: object,
    size: object,
    stride: object,
    _requires_grad: object = False,  # noqa: FBT002
    _hooks: object = None,
) -> _Tensor:
    """Record a tensor whose bytes follow later; called like `torch._utils._rebuild_tensor_v2`."""
    if not (
        isinstance(storage, _Storage)
        and isinstance(offset, int)
        and isinstance(size, tuple)
        and isinstance(stride, tuple)
        and all(isinstance(number, int) and number >= 0 for number in (offset, *size, *stride))
        and len(size) == len(stride)
    ):
        raise pickle.UnpicklingError("a tensor is described by something else than numbers")
    last = offset + sum((length - 1) * step for length, step in zip(size, stride, strict=True))
    if math.prod(size) > storage.count or (0 not in size and last >= storage.count):
        raise pickle.UnpicklingError("a tensor reaches past its storage")
    return _Tensor(storage, offset, size, stride)


class _TensorUnpickler(pickle.Unpickler):  # noqa: S301 - find_class lets four names pass
    """Knows plain values, ordered dictionaries and tensors."""

    def find_class(self, module: str, name: str) -> object:
        """Return one of the few things that a file of tensors needs."""
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return _rebuild
        if module == "torch" and name in _DTYPES:
            return name
        raise pickle.UnpicklingError(
            f"asks for {module}.{name}, which a file of tensors does not need"
        )

    def persistent_load(self, pid: object) -> _Storage:
        """Return the record of a storage."""
        match pid:
            case ("storage", str(kind), str(key), str(), int(count), None) if (
                kind in _DTYPES and count >= 0
            ):
                return _Storage(_DTYPES[kind], key, count)
        raise pickle.UnpicklingError("names a storage in an unknown way")


def read_tensors(path: Path) -> Mapping[str, npt.NDArray[np.generic]]:
    """Return the tensors of a state dictionary by name.

    Args:
        path: File that `torch.save` wrote before PyTorch 1.6, or later in its legacy format.

    Raises:
        WeightsError: If it cannot be read, or asks for anything but tensors.
    """
    try:
        return _read(io.BytesIO(path.read_bytes()))
    except OSError as error:
        raise WeightsError(f"{path}: cannot be read ({error.strerror})") from error
    except Exception as error:  # a damaged pickle can raise whatever its wrong opcodes run into
        raise WeightsError(
            f"{path}: no file of tensors in PyTorch's legacy format ({error})"
        ) from error


def _read(file: io.BytesIO) -> Mapping[str, npt.NDArray[np.generic]]:
    if _TensorUnpickler(file).load() != _MAGIC or _TensorUnpickler(file).load() != _PROTOCOL:
        raise ValueError("it starts with another magic number")
    machine = _TensorUnpickler(file).load()
    if not (isinstance(machine, dict) and machine.get("little_endian") is True):
        raise ValueError("its bytes are in another order")
    tensors = _TensorUnpickler(file).load()
    if not isinstance(tensors, dict):
        raise TypeError("it holds no dictionary")
    keys = _TensorUnpickler(file).load()
    storages: dict[str, _Storage] = {}
    for value in tensors.values():
        if (
            isinstance(value, _Tensor)
            and storages.setdefault(value.storage.key, value.storage) != value.storage
        ):
            raise ValueError(f"storage {value.storage.key} is described in two ways")
    values = {}
    for key in keys:
        storage = storages[key]
        count = int.from_bytes(file.read(_COUNT_BYTES), "little")
        data = file.read(count * np.dtype(storage.dtype).itemsize)
        if count != storage.count:
            raise ValueError(f"storage {key} holds {count} values, not {storage.count}")
        values[key] = np.frombuffer(data, storage.dtype, count)
    return {
        str(name): _view(values[value.storage.key], value)
        for name, value in tensors.items()
        if isinstance(value, _Tensor)
    }


def _view(values: npt.NDArray[np.generic], tensor: _Tensor) -> npt.NDArray[np.generic]:
    """Return a tensor within its storage; `_rebuild` made sure that it stays there."""
    strides = tuple(step * values.itemsize for step in tensor.stride)
    view = np.lib.stride_tricks.as_strided(
        values[tensor.offset :], tensor.shape, strides, writeable=False
    )
    return np.array(view)
