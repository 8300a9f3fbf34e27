"""A trained model declares what the host has to do, and nothing if there is nothing to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.preprocessing import (
    FILE,
    NOTHING,
    Preprocessing,
    read_preprocessing,
    write_preprocessing,
)
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    "steps", [Preprocessing(24), Preprocessing(0, True), Preprocessing(8, True)]
)
def test_steps_come_back(tmp_path: Path, steps: Preprocessing) -> None:
    write_preprocessing(tmp_path, steps)

    assert read_preprocessing(tmp_path) == steps
    assert steps.told


def test_no_steps_leave_no_file(tmp_path: Path) -> None:
    write_preprocessing(tmp_path, NOTHING)

    assert not list(tmp_path.iterdir())
    assert read_preprocessing(tmp_path) == NOTHING
    assert not NOTHING.told


@pytest.mark.parametrize("text", ["", "{", "[]", '{"flip": true}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)

    with pytest.raises(StoreError, match=r"input\.json: cannot be read .* made again"):
        read_preprocessing(tmp_path)


def test_a_window_gives_the_network_its_size() -> None:
    assert Preprocessing(24).shape_of((32, 40, 3)) == (24, 24, 3)
    assert Preprocessing(0, True).shape_of((32, 40, 3)) == (32, 40, 3)
