"""The manifest of a bundle, and whether its files are those that it names."""

from __future__ import annotations

import hashlib
import json
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Dict, List, Union

if TYPE_CHECKING:
    from pathlib import Path

NAME = "manifest.json"
DIGEST = "manifest.json.sha256"
SCHEMA = 1
_REMEDY = "copy the bundle again; --unchecked goes on, if you changed it yourself"

Json = Union[None, bool, int, float, str, List["Json"], Dict[str, "Json"]]


class BundleError(Exception):
    """The bundle is damaged, or cannot do what is asked; the text says why."""


def read_manifest(folder: Path, *, unchecked: bool = False) -> dict[str, Json]:
    """Return the manifest of a bundle whose files are whole.

    Args:
        folder: Of the bundle.
        unchecked: Whether to believe the files without looking at them.

    Raises:
        BundleError: If a file is missing or another than was bundled; it names all of them.
    """
    try:
        content = (folder / NAME).read_bytes()
        if not unchecked:
            told = (folder / DIGEST).read_text("ascii").partition(" ")[0]
            if hashlib.sha256(content).hexdigest() != told:
                raise BundleError(f"{NAME} is damaged; {_REMEDY}")
        manifest: dict[str, Json] = json.loads(content.decode("utf-8"))
    except (OSError, ValueError) as error:
        raise BundleError(f"{folder / NAME}: cannot be read ({error}); {_REMEDY}") from error
    if not isinstance(manifest, dict) or manifest.get("schema") != SCHEMA:
        raise BundleError(f"{NAME}: these scripts read schema {SCHEMA}")
    if not unchecked:
        wrong = damaged(folder, manifest)
        if wrong:
            raise BundleError(f"damaged: {', '.join(wrong)}; {_REMEDY}")
    return manifest


def damaged(folder: Path, manifest: dict[str, Json]) -> list[str]:
    """Return the names of files that are missing or not as the manifest says, and how so."""
    wrong = []
    for name, fact in sorted(group(manifest, "files").items()):
        path = PurePosixPath(name)
        if not isinstance(fact, dict) or path.is_absolute() or ".." in path.parts:
            wrong.append(f"{name} (may not be named)")
            continue
        try:
            content = (folder / name).read_bytes()
        except OSError:
            wrong.append(f"{name} (missing)")
            continue
        if len(content) != fact.get("size_bytes"):
            wrong.append(f"{name} ({len(content)} bytes instead of {fact.get('size_bytes')})")
        elif hashlib.sha256(content).hexdigest() != fact.get("sha256"):
            wrong.append(f"{name} (other content)")
    return wrong


def group(fields: dict[str, Json], name: str) -> dict[str, Json]:
    """Return a group of fields; empty if there is none."""
    found = fields.get(name)
    return found if isinstance(found, dict) else {}


def number(fields: dict[str, Json], name: str) -> float:
    """Return a number.

    Raises:
        BundleError: If it is none.
    """
    found = fields.get(name)
    if isinstance(found, (int, float)):
        return found
    raise BundleError(f"{NAME}: {name} is no number")
