"""Small files in the formats in which CIFAR and MNIST are published."""

from __future__ import annotations

import contextlib
import functools
import gzip
import http.server
import io
import pickle  # noqa: S403 - to write such files
import struct
import tarfile
import threading
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

CIFAR10_TRAIN = tuple(f"data_batch_{number}" for number in range(1, 6))


class Python2Pickler(pickle._Pickler):  # noqa: SLF001 - only the Python one can be taught
    """Spells texts as Python 2 did, in protocol 2: the official archives are of that time."""

    dispatch = dict(pickle._Pickler.dispatch)  # noqa: RUF012, SLF001

    def save_text(self, value: bytes | str) -> None:
        data = value.encode() if isinstance(value, str) else value
        if len(data) < 256:
            self.write(pickle.SHORT_BINSTRING + bytes([len(data)]) + data)
        else:
            self.write(pickle.BINSTRING + struct.pack("<i", len(data)) + data)
        self.memoize(value)

    dispatch[bytes] = dispatch[str] = save_text


def python2_pickle(value: object) -> bytes:
    """Pickle as Python 2 and the NumPy of its time did."""
    stream = io.BytesIO()
    Python2Pickler(stream, protocol=2, fix_imports=True).dump(value)
    return stream.getvalue().replace(b"numpy._core.multiarray", b"numpy.core.multiarray")


def pictures(count: int, seed: int = 0) -> np.ndarray:
    """Return rows as CIFAR stores them, uint8 [count, 3072], all different."""
    return np.random.default_rng(seed).integers(0, 256, (count, 3072), dtype=np.uint8)


def cifar10_batches(per_batch: int = 20) -> dict[str, tuple[np.ndarray, list[int]]]:
    """Return pixels and labels of each batch; every class is in each."""
    labels = [number % 10 for number in range(per_batch)]
    return {
        name: (pictures(per_batch, seed), labels)
        for seed, name in enumerate((*CIFAR10_TRAIN, "test_batch"))
    }


def cifar10_python(per_batch: int = 20) -> dict[str, bytes]:
    """Return the files of the Python archive."""
    files = {
        name: python2_pickle(
            {
                "batch_label": f"{name} of 6",
                "labels": labels,
                "data": pixels,
                "filenames": [f"picture_{number}.png" for number in range(len(labels))],
            }
        )
        for name, (pixels, labels) in cifar10_batches(per_batch).items()
    }
    meta = {"num_cases_per_batch": per_batch, "label_names": ["airplane"], "num_vis": 3072}
    return files | {"batches.meta": python2_pickle(meta), "readme.html": b"<html></html>"}


def cifar10_binary(per_batch: int = 20) -> dict[str, bytes]:
    """Return the files of the binary archive."""
    return {
        f"{name}.bin": np.column_stack([np.uint8(labels), pixels]).tobytes()
        for name, (pixels, labels) in cifar10_batches(per_batch).items()
    } | {"batches.meta.txt": b"airplane\n"}


def cifar100(binary: bool, count: int = 300) -> dict[str, bytes]:
    """Return the files of either archive; the group of fine class c is c modulo 20."""
    files = {}
    for seed, name in enumerate(("train", "test")):
        pixels, fine = pictures(count, seed), [number % 100 for number in range(count)]
        coarse = [label % 20 for label in fine]
        if binary:
            rows = np.column_stack([np.uint8(coarse), np.uint8(fine), pixels])
            files[f"{name}.bin"] = rows.tobytes()
        else:
            files[name] = python2_pickle(
                {"data": pixels, "fine_labels": fine, "coarse_labels": coarse, "filenames": []}
            )
    return files


def archive(place: Path, folder: str, files: Mapping[str, bytes]) -> Path:
    """Write a .tar.gz with a folder in it, as both are published."""
    with tarfile.open(place, "w:gz") as tar:
        inner = tarfile.TarInfo(folder)
        inner.type = tarfile.DIRTYPE
        tar.addfile(inner)
        for name, data in files.items():
            member = tarfile.TarInfo(f"{folder}/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return place


def unpacked(folder: Path, files: Mapping[str, bytes]) -> Path:
    """Write files into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in files.items():
        (folder / name).write_bytes(data)
    return folder


def idx(values: np.ndarray) -> bytes:
    """Return an array of uint8 as an idx file: two zeros, 8 for uint8, the rank, the sides."""
    sides = struct.pack(f">{values.ndim}I", *values.shape)
    return bytes([0, 0, 8, values.ndim]) + sides + values.astype(np.uint8).tobytes()


def mnist_arrays(train: int = 60, test: int = 20) -> dict[str, np.ndarray]:
    """Return the four arrays, as Keras names them."""
    chance = np.random.default_rng(1)
    return {
        "x_train": chance.integers(0, 256, (train, 28, 28), dtype=np.uint8),
        "y_train": np.arange(train, dtype=np.uint8) % 10,
        "x_test": chance.integers(0, 256, (test, 28, 28), dtype=np.uint8),
        "y_test": np.arange(test, dtype=np.uint8) % 10,
    }


def mnist_files(zipped: bool, **counts: int) -> dict[str, bytes]:
    """Return the four idx files."""
    arrays = mnist_arrays(**counts)
    names = {
        "x_train": "train-images-idx3-ubyte",
        "y_train": "train-labels-idx1-ubyte",
        "x_test": "t10k-images-idx3-ubyte",
        "y_test": "t10k-labels-idx1-ubyte",
    }
    if zipped:
        return {f"{name}.gz": gzip.compress(idx(arrays[key])) for key, name in names.items()}
    return {name: idx(arrays[key]) for key, name in names.items()}


class _Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        pass


@contextlib.contextmanager
def serving(folder: Path) -> Generator[str]:
    """Serve the files of a folder on this machine; yields the address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
