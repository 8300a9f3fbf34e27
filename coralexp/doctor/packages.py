"""Versions of installed packages, read from their metadata: nothing is imported."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

PIP = f"{sys.executable} -m pip install"


def version_of(package: str, path: Sequence[str] | None = None) -> str | None:
    """Return the version of an installed package; None if it is not there.

    Args:
        package: Its name in an index of packages.
        path: Folders of packages; None searches those of this interpreter.
    """
    found = distribution(package, path)
    return None if found is None else found.version


def distribution(
    package: str, path: Sequence[str] | None = None
) -> importlib.metadata.Distribution | None:
    """Return what is known of an installed package; None if it is not there."""
    folders = list(sys.path if path is None else path)
    return next(iter(importlib.metadata.distributions(name=package, path=folders)), None)


def minor(version: str) -> tuple[int, ...]:
    """Return the first two numbers of a version, such as `(2, 21)`; fewer if it has fewer."""
    return tuple(int(number) for number in re.findall(r"\d+", version)[:2])
