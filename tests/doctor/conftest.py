"""Trees of files as a system has them, and packages as an installer leaves them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def tree(tmp_path: Path) -> Callable[[dict[str, str]], Path]:
    """Return a folder that holds files of these names and contents."""

    def make(files: dict[str, str]) -> Path:
        root = tmp_path / "root"
        root.mkdir(exist_ok=True)
        for name, content in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
        return root

    return make


@pytest.fixture
def packages(tmp_path: Path) -> Callable[..., list[str]]:
    """Return the search path of a folder in which packages of these versions are installed."""

    def make(versions: dict[str, str], files: str = "", summary: str = "") -> list[str]:
        for name, version in versions.items():
            folder = tmp_path / "site" / f"{name.replace('-', '_')}-{version}.dist-info"
            folder.mkdir(parents=True)
            text = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\nSummary: {summary}\n"
            (folder / "METADATA").write_text(text, encoding="utf-8")
            (folder / "RECORD").write_text(files, encoding="utf-8")
        site = tmp_path / "site"
        site.mkdir(exist_ok=True)
        for line in files.splitlines():  # some readers of metadata list only what is there
            file = site / line.partition(",")[0]
            file.parent.mkdir(parents=True, exist_ok=True)
            file.touch()
        return [str(site)]

    return make
