"""Entries of a store as the stages make them, for rows that look at one stage alone."""

from __future__ import annotations

from colorsys import hsv_to_rgb
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.progress import silent
from coralexp.backbones import mobilenetv2
from coralexp.datasets import npz
from coralexp.heads import linear
from coralexp.quant import ptq
from coralexp.stages.convert import convert_model
from coralexp.stages.dataset import write_dataset
from coralexp.stages.frozen import save_frozen
from coralexp.stages.trained import SAVED_MODEL

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.tf_runtime import keras

CLASSES = 10


def draw(count: int, side_px: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return pictures of a blurred blob somewhere, whose hue is that of the class.

    Returns:
        uint8 `[count, side_px, side_px, 3]` and int64 `[count]`.
    """
    random = np.random.default_rng(seed)
    labels = np.arange(count) % CLASSES
    y, x = np.mgrid[0:1:32j, 0:1:32j]
    repeats = -(-side_px // 32)
    pictures = np.empty((count, side_px, side_px, 3), np.uint8)
    for i, label in enumerate(labels):
        across, down = random.uniform(0.3, 0.7, 2)
        blob = np.exp(-((x - across) ** 2 + (y - down) ** 2) / random.uniform(0.03, 0.1))
        hue = (label + random.normal(0, 0.15)) / CLASSES
        colour = np.array(hsv_to_rgb(hue % 1, random.uniform(0.6, 1), random.uniform(0.7, 1)))
        small = blob[..., np.newaxis] * colour + random.normal(0, 0.05, (32, 32, 3))
        large = small.repeat(repeats, 0).repeat(repeats, 1)[:side_px, :side_px]
        pictures[i] = np.clip(255 * large, 0, 255).astype(np.uint8)
    return pictures, labels.astype(np.int64)


def dataset_entry(folder: Path, train: int, rest: int, side_px: int) -> Path:
    """Write a `dataset` entry.

    Args:
        folder: Receives the arrays and the entry.
        train: Pictures to learn from.
        rest: Pictures to validate with, and as many to test with.
        side_px: Height and width.

    Returns:
        The entry.
    """
    folder.mkdir(parents=True, exist_ok=True)
    pictures, labels = draw(train + 2 * rest, side_px)
    arrays = {}
    for name, part in (
        ("", slice(0, train)),
        ("_validation", slice(train, train + rest)),
        ("_test", slice(train + rest, None)),
    ):
        arrays |= {f"x{name}": pictures[part], f"y{name}": labels[part]}
    np.savez(folder / "drawn.npz", **arrays)
    entry = folder / "dataset"
    entry.mkdir()
    write_dataset(npz.read(path=str(folder / "drawn.npz")), 0, entry, silent)
    return entry


def mobilenet(side_px: int, width: float) -> keras.Model:
    """Return an untrained MobileNetV2 with a linear head."""
    from coralexp.tf_runtime import keras

    backbone = mobilenetv2.build((side_px, side_px, 3), width=width)
    return keras.Model(backbone.input, linear.attach(backbone.output, CLASSES), name="classifier")


def int8_entry(folder: Path, dataset: Path, side_px: int, width: float) -> Path:
    """Write a `convert` entry: an untrained MobileNetV2 as int8."""
    save_frozen(mobilenet(side_px, width), folder / "train" / SAVED_MODEL)
    entry = folder / "convert"
    entry.mkdir()
    convert_model(dataset, folder / "train", ptq.plan(calibration_images=50), entry, seed=0)
    return entry
