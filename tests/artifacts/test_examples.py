"""A damaged dataset in the store is told as such."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.examples import DatasetIndex, read_index, read_split
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path


def test_an_index_is_read_as_it_was_written(tmp_path: Path) -> None:
    index = DatasetIndex(("a", "ḥ"), (4, 5, 3), "ff", {"train": 3}, ("x.png (damaged)",))
    (tmp_path / "dataset.json").write_text(index.to_json(), encoding="utf-8")

    assert read_index(tmp_path) == index


def test_what_is_missing_or_damaged_is_told_with_a_way_out(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"dataset.json: cannot be read.*delete"):
        read_index(tmp_path)
    (tmp_path / "dataset.json").write_text("[]")
    with pytest.raises(StoreError, match=r"dataset.json: cannot be read"):
        read_index(tmp_path)
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "images.npy").write_bytes(b"")
    with pytest.raises(StoreError, match=r"train: cannot be read.*delete"):
        read_split(tmp_path, "train")
