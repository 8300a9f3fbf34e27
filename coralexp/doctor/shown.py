"""Paths as they are told: short where they lie below the working folder."""

from __future__ import annotations

from pathlib import Path


def shown(path: Path, folder: Path | None = None) -> str:
    """Return a path, relative to a folder if it lies below.

    Args:
        path: Absolute.
        folder: None takes the working folder.
    """
    here = (Path.cwd() if folder is None else folder).resolve()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
