"""The package of this system that brought a file, as Debian's lists tell it."""

from __future__ import annotations

import re
from pathlib import Path

DPKG = Path("/var/lib/dpkg")
_PARAGRAPH = re.compile(r"\n\s*\n")


def package_of(file: str, dpkg: Path = DPKG) -> tuple[str, str] | None:
    """Return name and version of the package that a libedgetpu is of; None if of none.

    Args:
        file: Path of the library.
        dpkg: Folder of the lists.
    """
    real = str(Path(file).resolve())
    for path in sorted((dpkg / "info").glob("libedgetpu*.list")):
        files = _read(path).splitlines()
        if real in files or any(str(Path(name).resolve()) == real for name in files):
            name = path.name.removesuffix(".list").partition(":")[0]
            version = _version(name, dpkg)
            return None if version is None else (name, version)
    return None


def _version(name: str, dpkg: Path) -> str | None:
    for paragraph in _PARAGRAPH.split(_read(dpkg / "status")):
        lines = paragraph.splitlines()
        if f"Package: {name}" in lines:
            told = [line.partition(": ")[2] for line in lines if line.startswith("Version: ")]
            return told[0] if told else None
    return None


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8", errors="replace")
    except OSError:
        return ""
