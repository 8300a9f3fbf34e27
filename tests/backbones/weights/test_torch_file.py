"""A .pth file gives tensors, and runs nothing."""

from __future__ import annotations

import pickle  # noqa: S403 - to write hostile ones
import struct
from collections import OrderedDict
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.backbones.weights.torch_file import read_tensors
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

HEAD = b"".join(
    pickle.dumps(part, protocol=2)
    for part in (0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True})
)


class Named:
    """Pickles as a name that no module here has."""

    def __init__(self, module: str, name: str) -> None:
        self.module, self.name = module, name


class Storage(Named):
    """Pickles as the reference to four floats under the key `0`."""

    def __init__(self, count: int = 4) -> None:
        super().__init__("torch", "FloatStorage")
        self.count = count


class Call:
    """Pickles as a call."""

    def __init__(self, function: Named, *arguments: object) -> None:
        self.function, self.arguments = function, arguments


def dumps(value: object) -> bytes:
    """Write a pickle by hand, for the things that it names exist nowhere."""
    return b"\x80\x02" + _opcodes(value) + b"."


def _opcodes(value: object) -> bytes:
    match value:
        case Storage():
            kind = _opcodes(Named(value.module, value.name))
            parts = (_opcodes("storage"), kind, *map(_opcodes, ("0", "cpu", value.count)), b"N")
            return b"(" + b"".join(parts) + b"tQ"
        case Named():
            return f"c{value.module}\n{value.name}\n".encode()
        case Call():
            return _opcodes(value.function) + _opcodes(value.arguments) + b"R"
        case tuple():
            return b"(" + b"".join(map(_opcodes, value)) + b"t"
        case dict():
            pairs = b"".join(_opcodes(key) + _opcodes(item) for key, item in value.items())
            return b"}(" + pairs + b"u"
    return pickle.dumps(value, protocol=2)[2:-1].replace(b"q\x00", b"")


def tensor(size: tuple[int, ...], stride: tuple[int, ...], offset: int = 0) -> Call:
    """Return what PyTorch writes for a tensor."""
    rebuild = Named("torch._utils", "_rebuild_tensor_v2")
    return Call(rebuild, Storage(), offset, size, stride, False, OrderedDict())


def write(path: Path, value: object) -> Path:
    """Write a file of one storage: 0, 1, 2, 3."""
    storages = pickle.dumps(["0"], protocol=2) + struct.pack("<q4f", 4, 0, 1, 2, 3)
    path.write_bytes(HEAD + dumps(value) + storages)
    return path


def test_tensors_come_back_with_their_strides(tmp_path: Path) -> None:
    file = write(
        tmp_path / "a.pth", {"plain": tensor((2, 2), (2, 1)), "turned": tensor((2, 2), (1, 2))}
    )

    tensors = read_tensors(file)

    np.testing.assert_array_equal(tensors["plain"], [[0, 1], [2, 3]])
    np.testing.assert_array_equal(tensors["turned"], [[0, 2], [1, 3]])


@pytest.mark.parametrize(
    ("module", "name"),
    [
        ("os", "system"),
        ("builtins", "eval"),
        ("builtins", "getattr"),
        ("torch", "load"),
        ("coralexp", "errors"),
    ],
)
def test_a_pickle_that_calls_anything_else_is_refused_uncalled(
    module: str, name: str, tmp_path: Path
) -> None:
    trace = tmp_path / "called"
    file = write(tmp_path / "a.pth", {"x": Call(Named(module, name), f"touch {trace}")})

    with pytest.raises(WeightsError, match=rf"asks for {module}\.{name}"):
        read_tensors(file)

    assert not trace.exists()


def test_a_hostile_first_pickle_is_refused_too(tmp_path: Path) -> None:
    trace = tmp_path / "called"
    file = tmp_path / "a.pth"
    file.write_bytes(dumps(Call(Named("os", "system"), f"touch {trace}")))

    with pytest.raises(WeightsError, match=r"asks for os\.system"):
        read_tensors(file)

    assert not trace.exists()


@pytest.mark.parametrize(
    ("size", "stride", "offset"),
    [
        ((5,), (1,), 0),
        ((4,), (1,), 1),
        ((2, 2), (3, 1), 0),
        ((2,), (-1,), 3),
        ((2,), (1, 1), 0),
        ((9,), (0,), 0),
    ],
)
def test_a_tensor_that_reaches_past_its_storage_is_refused(
    size, stride, offset, tmp_path: Path
) -> None:
    file = write(tmp_path / "a.pth", {"x": tensor(size, stride, offset)})

    with pytest.raises(WeightsError, match="a tensor"):
        read_tensors(file)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", HEAD, HEAD[:20], b"\x80\x02N."])
def test_a_damaged_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "a.pth"
    file.write_bytes(content)

    with pytest.raises(WeightsError, match=r"a\.pth: no file of tensors"):
        read_tensors(file)


def test_a_file_cut_short_is_refused(tmp_path: Path) -> None:
    file = write(tmp_path / "a.pth", {"x": tensor((4,), (1,))})
    file.write_bytes(file.read_bytes()[:-3])

    with pytest.raises(WeightsError, match="no file of tensors"):
        read_tensors(file)
