"""A zip file from elsewhere: what may be in it, and reading it without believing it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import stat
import struct
import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING

from coralexp.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from coralexp.artifacts.archive.limits import Limits

_CHUNK_BYTES = 1 << 20
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._+-]{0,119}")
_DEEPEST = 10
_ENCRYPTED = 0x1
# Names that Windows takes for devices, whatever stands behind the dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_END = struct.Struct("<4s4H2LH")  # end of central directory: ... size, offset, length of comment
_END_64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR_64 = struct.Struct("<4sLQL")
# What Python's reader of zip files raises at one that is damaged or made to do harm.
_DAMAGE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    NotImplementedError,
    RuntimeError,
    ValueError,
    OverflowError,
    IndexError,
)


def reason_against(name: str) -> str | None:  # noqa: PLR0911 - one answer a reason
    """Return why a name may not be that of a file in an archive; None if it may be."""
    if not name:
        return "it has no name"
    if "\\" in name:
        return "a backslash, which is a folder to some systems"
    if name.startswith("/"):
        return "an absolute path"
    if re.match(r"[A-Za-z]:", name):
        return "a drive letter"
    if name.endswith("/"):
        return "a folder; an archive of runs holds files alone"
    parts = name.split("/")
    if ".." in parts:
        return "leads out of its folder"
    if len(parts) > _DEEPEST:
        return f"folders in folders more than {_DEEPEST} deep"
    for part in parts:
        if not _PART.fullmatch(part) or part.endswith(".") or _DEVICES.fullmatch(part):
            return "no plain name of a file on every system"
    return None


def contradiction(names: list[str]) -> str | None:
    """Return which of some names cannot be beside the others; None if all can.

    Two that differ in capitals alone are one file to some systems, and none can be a file and a
    folder at once.
    """
    seen: dict[str, str] = {}
    for name in names:
        other = seen.setdefault(name.casefold(), name)
        if other is not name:
            return (
                f"{name}: is there twice"
                if other == name
                else f"{name}: differs from {other} in capitals alone"
            )
    for name in names:
        folder = name.casefold()
        while "/" in folder:
            folder = folder.rpartition("/")[0]
            if folder in seen:
                return f"{name}: {seen[folder]} is a file already"
    return None


@dataclass(frozen=True)
class Members:
    """The files in an archive that is open.

    Attributes:
        archive: The zip file.
        sizes: Names to unpacked bytes, as the archive claims.
    """

    archive: zipfile.ZipFile
    sizes: dict[str, int]

    def read(self, name: str, most_bytes: int) -> bytes:
        """Return a small file.

        Raises:
            ArchiveError: If it is larger, or damaged.
        """
        with _named(name):
            if self.sizes[name] > most_bytes:
                raise ArchiveError(f"{name}: is larger than {most_bytes} bytes")
            with self.archive.open(name) as file:
                content = file.read(most_bytes + 1)
        if len(content) != self.sizes[name]:
            raise ArchiveError(f"{name}: unpacks to another size than it claims")
        return content

    def unpack(self, name: str, to: Path, size_bytes: int, sha256: str) -> None:
        """Write a file that has exactly this size and digest.

        Raises:
            ArchiveError: If it has not.
            OSError: If it cannot be written.
        """
        digest = hashlib.sha256()
        left = size_bytes
        to.parent.mkdir(parents=True, exist_ok=True)
        with to.open("xb") as out:
            for chunk in self._chunks(name):
                left -= len(chunk)
                if left < 0:
                    break
                digest.update(chunk)
                out.write(chunk)
        if left:
            raise ArchiveError(f"{name}: unpacks to another size than the {size_bytes} bytes told")
        if digest.hexdigest() != sha256:
            raise ArchiveError(f"{name}: its SHA-256 is another than the manifest says")

    def _chunks(self, name: str) -> Iterator[bytes]:
        with _named(name):
            file = self.archive.open(name)
        with file:
            while True:
                with _named(name):
                    chunk = file.read(_CHUNK_BYTES)
                if not chunk:
                    return
                yield chunk


@contextlib.contextmanager
def opened(path: Path, limits: Limits) -> Generator[Members]:
    """Open an archive and look at its list of files.

    Args:
        path: The zip file.
        limits: The most that is looked at.

    Yields:
        Its files: plain ones, each once, none too large.

    Raises:
        ArchiveError: If it is no zip file, or one with something else in it; the text names it.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise ArchiveError(f"cannot be read ({error.strerror})") from error
    with file:
        try:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise ArchiveError("is no file")
            size = file.seek(0, os.SEEK_END)
            told = _directory_bytes(file, size)
            if told > limits.directory_bytes:
                raise ArchiveError(f"its list of files claims {told} bytes")
            archive = zipfile.ZipFile(file)
            members = Members(archive, dict(_checked(archive, size, limits)))
        except _DAMAGE as error:
            raise ArchiveError(f"cannot be read as a zip file ({error})") from error
        except OSError as error:
            raise ArchiveError(f"cannot be read ({error.strerror or error})") from error
        with archive:
            yield members


def _checked(archive: zipfile.ZipFile, size: int, limits: Limits) -> Iterator[tuple[str, int]]:
    """Yield names and sizes of the files, once all of them have been looked at."""
    listed = archive.infolist()
    if len(listed) > limits.members:
        raise ArchiveError(f"holds {len(listed)} files; {limits.members} are the most")
    for info in listed:
        reason = _reason_against(info)
        if reason is not None:
            raise ArchiveError(f"{_shown(info.orig_filename)}: {reason}")
    wrong = contradiction([info.filename for info in listed])
    if wrong is not None:
        raise ArchiveError(wrong)
    if sum(info.compress_size for info in listed) > size:
        raise ArchiveError("its files overlap: together they claim more bytes than it has")
    unpacked = sum(info.file_size for info in listed)
    if unpacked > limits.content_bytes:
        raise ArchiveError(f"unpacks to {unpacked} bytes; {limits.content_bytes} are the most")
    if unpacked > max(limits.ratio_from_bytes, limits.ratio * size):
        raise ArchiveError(f"unpacks to {unpacked // max(size, 1)} times its own size")
    for info in listed:
        yield info.filename, info.file_size


def _reason_against(info: zipfile.ZipInfo) -> str | None:
    """Return why a member may not be in an archive; None if it may be."""
    mode = info.external_attr >> 16
    if stat.S_ISLNK(mode):
        return "is a link"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG}:
        return "is no plain file"
    if info.flag_bits & _ENCRYPTED:
        return "is encrypted"
    if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
        return "is packed in an unusual way"
    # Python cuts a name at a NUL, and on Windows turns its slashes: the one in the file counts.
    return reason_against(info.orig_filename)


def _directory_bytes(file: IO[bytes], size: int) -> int:
    """Return how long the list of files claims to be, before anything is read by that claim."""
    tail_bytes = min(size, _END.size + 0xFFFF)
    file.seek(size - tail_bytes)
    tail = file.read(tail_bytes)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveError("is no zip file, or one that was cut off")
    claimed = int(_END.unpack_from(tail, at)[5])
    locator = size - tail_bytes + at - _LOCATOR_64.size
    if locator >= 0:
        file.seek(locator)
        mark, _, offset, _ = _LOCATOR_64.unpack(file.read(_LOCATOR_64.size))
        if mark == b"PK\x06\x07":
            # Python looks for it right before the locator, and does not ask for the offset.
            for place in {offset, locator - _END_64.size}:
                if 0 <= place <= size - _END_64.size:
                    file.seek(place)
                    end = _END_64.unpack(file.read(_END_64.size))
                    claimed = max(claimed, end[8]) if end[0] == b"PK\x06\x06" else claimed
    file.seek(0)
    return claimed


def inner_archive(path: Path, limits: Limits) -> str | None:
    """Return why a file that is an archive itself may not be unpacked by whoever reads it later."""
    try:
        with path.open("rb") as file:
            if _directory_bytes(file, path.stat().st_size) > limits.directory_bytes:
                return "its list of files is too long"
            with zipfile.ZipFile(file) as archive:
                listed = archive.infolist()
    except (ArchiveError, *_DAMAGE):
        return "cannot be read as an archive"
    if len(listed) > limits.inner_members:
        return f"holds {len(listed)} files itself"
    total = sum(info.file_size for info in listed)
    if total > limits.inner_bytes:
        return f"unpacks to {total} bytes itself"
    return None


@contextlib.contextmanager
def _named(name: str) -> Generator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ArchiveError(f"{name}: is damaged ({error})") from error


def _shown(name: str) -> str:
    text = ascii(name)[1:-1].replace("\\\\", "\\")
    return text if len(text) <= 120 else f"{text[:117]}..."  # noqa: PLR2004 - places on a line
