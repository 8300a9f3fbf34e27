"""A bundle on the disk: the folder, and the zip file beside it."""

from __future__ import annotations

import shutil
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.bundle.files.bundled.manifest import NAME
from coralexp.errors import ConfigError, Problem, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_UNIX, _PLAIN_FILE = 3, 0o100644 << 16


def check_target(out: Path, *, force: bool) -> None:
    """Refuse a place where something lies that is no bundle of before.

    Raises:
        ConfigError: If it is taken.
    """
    problems = []
    if out.resolve() in {Path.cwd(), *Path.cwd().parents}:
        problems.append(Problem("OUT", f"{out} is the folder of this command; name a new one"))
    elif out.suffix == ".zip":
        problems.append(Problem("OUT", f"{out} is to be a folder; its zip file is made beside it"))
    elif out.exists() and not ((out / NAME).is_file() or _is_empty(out)):
        problems.append(Problem("OUT", f"{out} is there, and is no bundle; name another place"))
    elif not force:
        taken = [path for path in (out, zip_of(out)) if path.exists() and not _is_empty(path)]
        if taken:
            problems.append(Problem("OUT", f"{taken[0]} is there already; --force replaces it"))
    if problems:
        raise ConfigError(problems)


def zip_of(out: Path) -> Path:
    """Return the zip file beside a folder."""
    return out.with_name(f"{out.name}.zip")


def write_bundle(files: Mapping[str, bytes], out: Path, inside: str) -> None:
    """Write the folder and the zip file; each appears when it is complete.

    Args:
        files: By name.
        out: The folder.
        inside: Name of the folder in the zip file.

    Raises:
        StoreError: If they cannot be written.
    """
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=out.parent, prefix=".bundle-") as scratch:
            draft, packed = Path(scratch) / "folder", Path(scratch) / "packed.zip"
            for name, content in files.items():
                (draft / name).parent.mkdir(parents=True, exist_ok=True)
                (draft / name).write_bytes(content)
            _pack(files, packed, inside)
            if out.is_dir():
                out.rename(Path(scratch) / "before")
            draft.rename(out)
            packed.replace(zip_of(out))
    except (OSError, shutil.Error) as error:
        raise StoreError(f"{out}: cannot be written ({error})") from error


def _pack(files: Mapping[str, bytes], to: Path, inside: str) -> None:
    """Write a zip file: the same bytes for the same files."""
    with zipfile.ZipFile(to, "w") as archive:
        for name in sorted(files):
            info = zipfile.ZipInfo(f"{inside}/{name}", _LONG_AGO)
            info.compress_type, info.create_system = zipfile.ZIP_DEFLATED, _UNIX
            info.external_attr = _PLAIN_FILE
            archive.writestr(info, files[name])


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())
