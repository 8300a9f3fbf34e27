"""What tests of every room may ask for."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of photographs and stored networks, beside the checkout or in it; too large for it."""
    for folder in (ROOT / "shared", ROOT.parent / "shared"):
        if folder.is_dir():
            return folder
    pytest.skip(f"no folder 'shared' in {ROOT} or beside it; it holds photographs and networks")
