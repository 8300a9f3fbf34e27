"""The agent is one file for old Pythons that needs nothing of coralexp."""

from __future__ import annotations

import ast
import sys
import zipfile
from io import BytesIO
from pathlib import Path

import coralexp.boards.agent
from coralexp.boards.agent_file import agent_bytes, agent_digest

SOURCES = sorted(Path(coralexp.boards.agent.__file__).parent.glob("*.py"))
OWN = "coralexp.boards.agent"


def imports(tree: ast.Module) -> set[str]:
    """Return what a module imports when it runs: not what only a type checker reads."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and getattr(node.test, "id", "") == "TYPE_CHECKING":
            node.body = [ast.Pass()]
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or "")
    return found


def test_every_module_can_be_read_by_python_3_7() -> None:
    for path in SOURCES:
        ast.parse(path.read_text("utf-8"), feature_version=(3, 7))


def test_it_imports_numpy_and_what_comes_with_python() -> None:
    found = set().union(*(imports(ast.parse(path.read_text("utf-8"))) for path in SOURCES))
    foreign = {name for name in found if name.partition(".")[0] not in sys.stdlib_module_names}

    assert {name for name in foreign if not name.startswith(OWN)} == {"numpy"}


def test_it_is_a_zip_file_of_its_own_modules_alone() -> None:
    with zipfile.ZipFile(BytesIO(agent_bytes())) as archive:
        names = set(archive.namelist())
        empty = [
            archive.read(f"{package}/__init__.py") for package in ("coralexp", "coralexp/boards")
        ]

    inside = {f"coralexp/boards/agent/{path.name}" for path in SOURCES}
    assert names - inside == {
        "__main__.py",
        "coralexp/__init__.py",
        "coralexp/boards/__init__.py",
    }
    assert empty == [b"", b""]


def test_it_is_the_same_whenever_it_is_packed() -> None:
    first, digest = agent_bytes(), agent_digest()
    agent_bytes.cache_clear()
    agent_digest.cache_clear()

    assert agent_bytes() == first
    assert agent_digest() == digest
