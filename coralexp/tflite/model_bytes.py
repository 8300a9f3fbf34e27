"""The bytes of a model's file, or words for what the file is instead."""

from __future__ import annotations

import mmap
import stat
from typing import TYPE_CHECKING

from coralexp.errors import ModelFileError

if TYPE_CHECKING:
    from pathlib import Path

_IDENTIFIER = b"TFL3"
_MOST_BYTES_IN_MEMORY = 32 * 1024 * 1024

# What a file begins with, and what it is then.
_FOREIGN = {
    b"\x1f\x8b": "a GZIP archive; unpack it first",
    b"PK\x03\x04": "a ZIP archive, as .keras, .task and PyTorch files are",
    b"\x89HDF": "an HDF5 file, as Keras's .h5 files are; convert it first",
    b"\x89PNG": "a picture",
    b"\xff\xd8\xff": "a picture",
    b"\xfd7zXZ": "an XZ archive; unpack it first",
    b"BZh": "a BZIP2 archive; unpack it first",
    b"<!": "a web page; the download gave a page instead of the file",
    b"<html": "a web page; the download gave a page instead of the file",
    b"<HTML": "a web page; the download gave a page instead of the file",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the file itself with `git lfs pull`",
    b"\x7fELF": "a program",
}


def model_bytes(path: Path) -> memoryview:
    """Return the bytes of a .tflite file.

    Up to 32 MB are read; a larger file is mapped into memory, so that it opens at once. Renaming
    another file onto a mapped one does no harm, the mapping stays with the old content; whoever
    truncates it in place takes the bytes away, and the system ends a process that then reads them.

    Raises:
        ModelFileError: If the file cannot be read or is no TensorFlow Lite model.
    """
    try:
        data = _content(path)
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror or error})") from error
    except ValueError as error:  # such as a null character in the path
        raise ModelFileError(f"{path!r}: cannot be read ({error})") from error
    if data[4:8] != _IDENTIFIER:
        raise ModelFileError(f"{path}: is no TensorFlow Lite model; {_kind(data)}")
    return data


def _content(path: Path) -> memoryview:
    status = path.stat()
    if stat.S_ISDIR(status.st_mode):
        hint = " (a SavedModel; convert it first)" if (path / "saved_model.pb").exists() else ""
        raise ModelFileError(f"{path}: is a folder{hint}, not a file")
    if not stat.S_ISREG(status.st_mode):  # reading a pipe may wait forever
        raise ModelFileError(f"{path}: is no regular file")
    with path.open("rb") as file:
        if status.st_size <= _MOST_BYTES_IN_MEMORY:
            return memoryview(file.read(_MOST_BYTES_IN_MEMORY))
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _kind(data: memoryview) -> str:
    if not data:
        return "it is empty"
    start = bytes(data[:32]).lstrip()
    for beginning, kind in _FOREIGN.items():
        if start.startswith(beginning):
            return f"it is {kind}"
    identifier = bytes(data[4:8])
    if identifier[:3] == _IDENTIFIER[:3]:
        return f"it is of another version of the format, {identifier.decode(errors='replace')}"
    if identifier == b"DWN1":
        return "it is an Edge TPU package without the model around it"
    return "its identifier is not TFL3"
