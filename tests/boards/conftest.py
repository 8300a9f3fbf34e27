"""Models, a stand-in for libedgetpu, and short measurements."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stand_in import build

from coralexp.boards.order import MeasureOrder, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SHORT = Protocol(warm_up=2, at_least=20, seconds=0.0)


@pytest.fixture(scope="session")
def compiled(shared: Path) -> Path:
    """A file that the real compiler made."""
    return shared / "edgetpu/models/mobilenet_v1_0.25_128_quant_edgetpu.tflite"


@pytest.fixture(scope="session")
def uncompiled(shared: Path) -> Path:
    return shared / "edgetpu/models/mobilenet_v1_0.25_128_quant.tflite"


@pytest.fixture(scope="session")
def stand_in(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One that takes 2 ms, and 30 ms the first time."""
    return build(tmp_path_factory.mktemp("library"), invoke_us=2_000, first_us=30_000)


@pytest.fixture
def order(compiled: Path, stand_in: Path, tmp_path: Path) -> Callable[..., MeasureOrder]:
    """Return an order that is carried out in a moment; its lock is the test's own."""

    def make(model: Path = compiled, **more: object) -> MeasureOrder:
        fields = {"delegate": str(stand_in), "protocol": SHORT, "lock_folder": str(tmp_path)}
        return MeasureOrder(model, **{**fields, **more})

    return make
