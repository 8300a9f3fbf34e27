"""The board's side of a deployment: one file for Python 3.7, sent with each.

    ROOT/versions/<name>/     bundles: the current one, and the one before
    ROOT/current              a link to the current one, changed in one step
    ROOT/.incoming-<id>/      one that arrives

Each command prints one line of JSON.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import sys
import time
from pathlib import Path

MANIFEST = "manifest.json"
DIGEST = "manifest.json.sha256"
_FORGOTTEN_S = 3600.0  # a deployment that was cut off is no older


def main(arguments: list[str]) -> int:
    """Carry out `prepare`, `verify`, `activate` or `discard` for ROOT and an id."""
    command, root, name = arguments[0], Path(arguments[1]), arguments[2]
    incoming = root / (".incoming-" + name)
    if command == "prepare":
        result = prepare(root, incoming)
    elif command == "verify":
        result = {"damaged": _wrong(incoming)}
    elif command == "activate":
        result = activate(root, incoming, arguments[3])
    else:
        shutil.rmtree(str(incoming), ignore_errors=True)
        result = {}
    sys.stdout.write(json.dumps(result) + "\n")
    return 0


def prepare(root: Path, incoming: Path) -> dict[str, object]:
    """Take what is here already from earlier versions.

    Returns:
        `same`: whether the current version is this one, whole; `missing`: names of files that have
        to be sent; `current`: the folder of the current version, or None.
    """
    for path in root.glob(".incoming-*"):
        if path != incoming and time.time() - path.stat().st_mtime > _FORGOTTEN_S:
            shutil.rmtree(str(path), ignore_errors=True)
    current = root / "current"
    told = (incoming / MANIFEST).read_bytes()
    is_same = (
        (current / MANIFEST).is_file()
        and (current / MANIFEST).read_bytes() == told
        and not _wrong(current)
    )
    missing = []
    for name, digest in sorted(_digests(incoming).items()):
        (incoming / name).parent.mkdir(parents=True, exist_ok=True)
        for version in sorted((root / "versions").glob("*")):
            if _digest(version / name) == digest:
                shutil.copy2(str(version / name), str(incoming / name))
                break
        else:
            missing.append(name)
    where = str(current.resolve()) if current.exists() else None
    return {"same": is_same, "missing": missing, "current": where}


def activate(root: Path, incoming: Path, name: str) -> dict[str, object]:
    """Make what arrived the current version; the one before stays, older ones go.

    Returns:
        `folder` of it, and `before`: the folder of the version before, or None.
    """
    versions, current = root / "versions", root / "current"
    versions.mkdir(exist_ok=True)
    before = current.resolve() if current.exists() else None
    folder = versions / name
    with contextlib.suppress(OSError):
        (incoming / Path(__file__).name).unlink()  # this very file
    incoming.replace(folder)
    link = root / (".current-" + name)
    with contextlib.suppress(OSError):
        link.unlink()
    link.symlink_to(Path("versions") / name)
    link.replace(current)  # in one step: there is a current version at every moment
    for version in versions.iterdir():
        if version not in {folder, before} and version.resolve() not in {folder, before}:
            shutil.rmtree(str(version), ignore_errors=True)
    return {"folder": str(folder), "before": None if before is None else str(before)}


def _digests(folder: Path) -> dict[str, str]:
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    return {name: fact["sha256"] for name, fact in manifest["files"].items()}


def _wrong(folder: Path) -> list[str]:
    """Return the names of files that are missing or not as the manifest says."""
    wrong = [name for name, told in _digests(folder).items() if _digest(folder / name) != told]
    told = (folder / DIGEST).read_text(encoding="ascii").partition(" ")[0]
    return sorted(wrong + [MANIFEST] * (_digest(folder / MANIFEST) != told))


def _digest(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
