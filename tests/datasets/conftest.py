"""Folders of small pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def paint() -> Callable[..., None]:
    """Return a function that writes pictures of noise into a folder, made if it is absent."""

    def write(folder: Path, count: int, *, start: int = 0, suffix: str = ".png") -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(start, start + count):
            seed = [*map(ord, folder.name), number]
            pixels = np.random.default_rng(seed).integers(0, 256, (9, 12, 3), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / f"{number}{suffix}")

    return write
