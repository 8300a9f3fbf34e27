"""Sixteen training images are shown, of classes spread over all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from coralexp.artifacts.examples import DatasetIndex
from coralexp.report import samples

if TYPE_CHECKING:
    from pathlib import Path


def stored(folder: Path, classes: int, images: int, channels: int) -> Path:
    names = tuple(f"class {'x' * 30 * label} ꜣ神 ${label}" for label in range(classes))
    index = DatasetIndex(names, (8, 9, channels), "", {"train": images})
    (folder / "train").mkdir(parents=True)
    (folder / "dataset.json").write_text(index.to_json(), encoding="utf-8")
    pixels = np.random.default_rng(0).integers(0, 256, (images, 8, 9, channels), dtype=np.uint8)
    np.save(folder / "train" / "images.npy", pixels)
    np.save(folder / "train" / "labels.npy", np.arange(images) % classes)
    return folder


def test_the_picture_is_drawn_and_the_same_each_time(tmp_path: Path) -> None:
    colour, grey = stored(tmp_path / "c", 3, 40, 3), stored(tmp_path / "g", 2, 5, 1)

    samples.draw(colour, tmp_path / "1.png")
    samples.draw(colour, tmp_path / "2.png")
    samples.draw(grey, tmp_path / "3.png")

    assert (tmp_path / "1.png").read_bytes() == (tmp_path / "2.png").read_bytes()
    with Image.open(tmp_path / "3.png") as picture:
        assert min(picture.size) > 300


def test_many_classes_are_spread_and_few_repeated() -> None:
    many, few = np.arange(1000), np.arange(1000) % 3

    assert samples.spread(many, 16)[::15] == [0, 999]
    assert np.bincount(few[samples.spread(few, 16)]).tolist() == [6, 5, 5]
    assert samples.spread(np.array([1, 0]), 16) == [1, 0]
