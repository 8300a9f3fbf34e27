"""Which schema of its database the installed MLflow wants, read from its files."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

_VERSIONS = "store/db_migrations/versions"
_REVISION = re.compile(r"^revision\s*(?::[^=\n]*)?=\s*[\"'](\w+)[\"']", re.MULTILINE)
_BEFORE = re.compile(r"^down_revision\s*(?::[^=\n]*)?=\s*([^\n]+)", re.MULTILINE)
_NAME = re.compile(r"[\"'](\w+)[\"']")


def installed_mlflow() -> Path | None:
    """Return the folder of the installed MLflow, which is not imported; None if there is none."""
    found = importlib.util.find_spec("mlflow")
    if found is None or not found.submodule_search_locations:
        return None
    return Path(next(iter(found.submodule_search_locations)))


def revisions(mlflow: Path) -> dict[str, tuple[str, ...]]:
    """Return each revision of the schema that an MLflow knows, and those that it follows.

    Args:
        mlflow: Folder of the package; its steps are scripts of Alembic.
    """
    known = {}
    for path in sorted((mlflow / _VERSIONS).glob("*.py")):
        text = path.read_text("utf-8", errors="replace")
        name, before = _REVISION.search(text), _BEFORE.search(text)
        if name is not None:
            known[name[1]] = tuple(_NAME.findall(before[1])) if before is not None else ()
    return known


def heads(known: dict[str, tuple[str, ...]]) -> set[str]:
    """Return the revisions that no other follows: the latest."""
    return set(known) - {name for before in known.values() for name in before}
