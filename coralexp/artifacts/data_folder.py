"""The folder `CORALEXP_DATA`: data and weights fetched at home, for a room without network.

`coralexp fetch --to DIR` fills it and writes `SHA256SUMS`, which `sha256sum -c` reads too. A file
that is listed there is used only if its digest is that.
"""

from __future__ import annotations

import contextlib
import os
import re
import shutil
from contextvars import ContextVar
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.downloads import digest_of, download

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

VARIABLE = "CORALEXP_DATA"
SUMS = "SHA256SUMS"
_LINE = re.compile(r"([0-9a-f]{64})  ([^\0]+)")


@dataclass(frozen=True)
class RemoteFile:
    """A file that can be had.

    Attributes:
        name: Its place below the data folder, such as `models/weights.h5`.
        url: Where it is published.
        cache: Its place on this machine where no data folder has it.
        sha256: Digest it must have when it is downloaded; None if its publisher tells none.
        others: More places below the data folder where it may lie.
    """

    name: str
    url: str
    cache: Path
    sha256: str | None = None
    others: Sequence[str] = ()


@dataclass
class Collection:
    """A folder being filled.

    Attributes:
        folder: It.
        files: What lies there now, below it, to digests.
        news: What was done about each file, in words.
    """

    folder: Path
    files: dict[str, str] = field(default_factory=dict)
    news: dict[str, str] = field(default_factory=dict)


_collection: ContextVar[Collection | None] = ContextVar("_collection", default=None)


@contextlib.contextmanager
def collecting(folder: Path) -> Generator[Collection]:
    """Let every file that is asked for within be put into a folder as well, whatever has it.

    The list of digests is written at the end, also if something went wrong: what is there counts.
    """
    known = read_sums(folder)
    collection = Collection(folder)
    token = _collection.set(collection)
    try:
        yield collection
    finally:
        _collection.reset(token)
        if collection.files:
            write_sums(folder, known | collection.files)


def collection_folder() -> Path | None:
    """Return the folder that is being filled; None outside of `collecting`."""
    collection = _collection.get()
    return None if collection is None else collection.folder


def record(path: Path) -> None:
    """List a file that was made in the folder that is being filled; outside of it do nothing."""
    collection = _collection.get()
    if collection is not None and path.is_file() and path.is_relative_to(collection.folder):
        name = path.relative_to(collection.folder).as_posix()
        collection.files[name] = digest_of(path)
        collection.news[name] = "prepared"


def data_folder() -> Path | None:
    """Return the folder that `CORALEXP_DATA` names; None if it names none.

    Raises:
        OSError: If there is no such folder.
    """
    named = os.environ.get(VARIABLE, "").strip()
    if not named:
        return None
    folder = Path(named).expanduser()
    if not folder.is_dir():
        raise FileNotFoundError(f"{VARIABLE}={named} names no folder")
    return folder


def find(file: RemoteFile) -> Path | None:
    """Return where a file lies on this machine; None if nowhere.

    Raises:
        OSError: If it lies in the data folder and is not what the list there says.
    """
    folder = data_folder()
    for name in (file.name, *file.others) if folder is not None else ():
        path = folder / name  # type: ignore[operator]
        if path.is_file():
            verify(path, folder)  # type: ignore[arg-type]
            return path
    return file.cache if file.cache.is_file() else None


def obtain(file: RemoteFile) -> Path:
    """Return where a file lies, after downloading it if it is nowhere.

    Raises:
        OSError: If it cannot be had; the text says why.
    """
    collection = _collection.get()
    if collection is not None:
        return _collect(file, collection)
    path = find(file)
    if path is None:
        download(file.url, file.cache, file.sha256)
        return file.cache
    return path


def verify(path: Path, folder: Path) -> None:
    """Compare a file with the folder's list; one that is not listed passes.

    Raises:
        OSError: If they differ.
    """
    name = path.relative_to(folder).as_posix()
    listed = read_sums(folder).get(name)
    if listed is not None and digest_of(path) != listed:
        raise OSError(f"{path} is not what {folder / SUMS} says; delete it and fetch it again")


def read_sums(folder: Path) -> dict[str, str]:
    """Return names of files below a folder to their SHA-256; empty where there is no list."""
    try:
        lines = (folder / SUMS).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return {}
    found = (_LINE.fullmatch(line) for line in lines)
    return {match[2]: match[1] for match in found if match}


def write_sums(folder: Path, digests: dict[str, str]) -> None:
    """Write the list, whole or not at all."""
    text = "".join(f"{digest}  {name}\n" for name, digest in sorted(digests.items()))
    draft = folder / f".{SUMS}.{os.getpid()}"
    draft.write_text(text, encoding="utf-8")
    draft.replace(folder / SUMS)


def _collect(file: RemoteFile, collection: Collection) -> Path:
    path = collection.folder / file.name
    expected = file.sha256 or read_sums(collection.folder).get(file.name)
    news = "there already"
    if path.is_file() and expected is not None and digest_of(path) != expected:
        path.unlink()  # half of a copy, or another file of that name
    if not path.is_file():
        source = find(file)
        if source is not None and file.sha256 in {None, digest_of(source)}:
            news = f"copied from {source.parent}"
            path.parent.mkdir(parents=True, exist_ok=True)
            draft = path.with_name(f".{path.name}.{os.getpid()}")
            shutil.copyfile(source, draft)
            draft.replace(path)
        else:
            news = "downloaded"
            download(file.url, path, file.sha256)
    collection.files[file.name] = digest_of(path)
    collection.news[file.name] = news
    return path
