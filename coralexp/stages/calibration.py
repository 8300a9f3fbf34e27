"""Images that show what a model's activations are like."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.preprocessing import NOTHING
from coralexp.tflite.preprocess import preprocess

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.preprocessing import Preprocessing
    from coralexp.quant.contract import Images


def calibration_images(
    dataset: Path, wanted: int, seed: int, steps: Preprocessing = NOTHING
) -> Images:
    """Return training images, chosen at random over all classes.

    Args:
        dataset: Entry of the `dataset` stage.
        wanted: How many; if there are fewer, all of them come.
        seed: Of the choice.
        steps: What the host does to each.

    Returns:
        float32 `[M, H, W, C]` in [-1, 1], as the network takes them, in the order of the split.
    """
    pixels, _ = read_split(dataset, "train")
    count = min(wanted, len(pixels))
    chosen = np.sort(np.random.default_rng([seed, 1]).choice(len(pixels), count, replace=False))
    return preprocess(pixels[chosen], steps).astype(np.float32) / np.float32(127.5) - np.float32(1)
