"""How well each class is recognised: precision, recall and F1, as table for people and programs."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

MEAN = "(mean of classes)"
COLUMNS = ("class", "precision", "recall", "f1", "images")


@dataclass(frozen=True)
class ClassReport:
    """Figures of one class, or the mean over all.

    Attributes:
        name: Of the class.
        precision: Share of the answers "this class" that are right; 0 if it was never answered.
        recall: Share of the images of this class that were recognised; 0 if there are none.
        f1: Harmonic mean of the two.
        images: Test images of the class.
    """

    name: str
    precision: float
    recall: float
    f1: float
    images: int


def per_class(matrix: npt.NDArray[np.int64], classes: Sequence[str]) -> list[ClassReport]:
    """Return the figures of each class, and their unweighted mean as the last entry.

    Args:
        matrix: Images by true class (rows) and answered class (columns), `[K, K]`.
        classes: The K names.
    """
    right = np.diag(matrix).astype(np.float64)
    images = matrix.sum(axis=1)
    precision = right / np.maximum(matrix.sum(axis=0), 1)
    recall = right / np.maximum(images, 1)
    f1 = 2 * right / np.maximum(matrix.sum(axis=0) + images, 1)
    rows = [
        ClassReport(name, float(p), float(r), float(both), int(count))
        for name, p, r, both, count in zip(classes, precision, recall, f1, images, strict=True)
    ]
    means = [float(figures.mean()) for figures in (precision, recall, f1)]
    mean = ClassReport(MEAN, means[0], means[1], means[2], int(images.sum()))
    return [*rows, mean]


def write_csv(rows: Sequence[ClassReport], to: Path) -> None:
    """Write the figures in full precision."""
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        writer.writerows((row.name, row.precision, row.recall, row.f1, row.images) for row in rows)


def write_markdown(rows: Sequence[ClassReport], to: Path) -> None:
    """Write the figures as a table, worst F1 first, the mean at the end."""
    *classes, mean = rows
    ordered = [*sorted(classes, key=lambda row: row.f1), mean]
    lines = ["| " + " | ".join(COLUMNS) + " |", "|---|---:|---:|---:|---:|"]
    for row in ordered:
        name = row.name.replace("|", "\\|")
        figures = f"{row.precision:.3f} | {row.recall:.3f} | {row.f1:.3f}"
        lines.append(f"| {name} | {figures} | {row.images} |")
    to.write_text("\n".join(lines) + "\n", encoding="utf-8")
