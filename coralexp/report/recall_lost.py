"""Which classes pay for quantization: recall of each with the float and with the deployed model."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

COLUMNS = ("class", "recall_float", "recall", "lost", "images")


def write_recall_lost(
    float_matrix: npt.NDArray[np.int64],
    matrix: npt.NDArray[np.int64],
    classes: Sequence[str],
    to: Path,
) -> None:
    """Write a CSV table, the class that lost most first.

    Args:
        float_matrix: Images by true class (rows) and answer of the float model, `[K, K]`.
        matrix: The same of the deployed model.
        classes: The K names.
        to: File to write; recalls are shares in [0, 1], 0 for a class without images.
    """
    images = matrix.sum(axis=1)
    before, after = (np.diag(m) / np.maximum(images, 1) for m in (float_matrix, matrix))
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for k in np.argsort(after - before, kind="stable"):
            figures = (float(before[k]), float(after[k]), float(before[k] - after[k]))
            writer.writerow((classes[k], *figures, int(images[k])))
