"""A small laboratory with parts and YAML files of its own; see `tests/plugin`."""

from __future__ import annotations

from pathlib import Path

import pytest

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the laboratory's folder of YAML files; its package can be imported meanwhile."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.chdir(tmp_path)  # no ./conf there, and room for files
    return PLUGIN / "conf"
