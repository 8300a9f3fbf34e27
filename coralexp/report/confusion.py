"""Which classes are taken for which: the confusion matrix as numbers, file and picture."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np

from coralexp.report.figures import legible, new_figure, save, take_literally

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    from matplotlib.axes import Axes

    Counts = npt.NDArray[np.int64]

_NAMED_CLASSES = 64  # more names than that cannot be read at any size that a page has
_LONGEST_NAME = 24  # characters


def confusion_matrix(
    labels: npt.NDArray[np.int64], probabilities: npt.NDArray[np.float32]
) -> Counts:
    """Return how often each class was taken for each.

    Args:
        labels: True classes, `[N]`, in [0, K).
        probabilities: What the model answered, `[N, K]`.

    Returns:
        Images by true class (rows) and answered class (columns), `[K, K]`.
    """
    classes = probabilities.shape[1]
    answers = probabilities.argmax(axis=1)
    return np.bincount(labels * classes + answers, minlength=classes**2).reshape(classes, classes)


def write_confusion(matrix: Counts, classes: Sequence[str], to: Path) -> None:
    """Write the matrix as CSV: a row a true class, a column an answered one, in images."""
    with to.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["true class", *classes])
        for name, row in zip(classes, matrix.tolist(), strict=True):
            writer.writerow([name, *row])


def draw_confusion(matrix: Counts, classes: Sequence[str], to: Path) -> None:
    """Draw the matrix: colours are shares of the true class, figures are images.

    Args:
        matrix: Images by true and answered class, `[K, K]`.
        classes: Their K names.
        to: PNG file to write.
    """
    from matplotlib.colors import PowerNorm

    count = len(classes)
    side_in = min(16.0, max(4.2, 0.24 * count + 1.6))
    figure = new_figure(side_in + 0.9, side_in)
    axes = figure.subplots()
    images = matrix.sum(axis=1, keepdims=True)
    shares = matrix / np.maximum(images, 1)
    # "Blues" goes from light to dark alone, so it survives grey print and any colour vision; by the
    # square root of the share, because one error among fifty images is what one looks for.
    scale = PowerNorm(0.5, vmin=0.0, vmax=1.0)
    picture = axes.imshow(shares, cmap="Blues", norm=scale, interpolation="nearest")
    bar = figure.colorbar(picture, ax=axes, shrink=0.7, pad=0.02)
    bar.set_label("Share of the images of the true class")
    right = int(np.trace(matrix))
    total = int(matrix.sum())
    axes.set_title(f"Confusion matrix: {right} of {total} test images right")
    axes.set_xlabel("Answered class")
    axes.set_ylabel("True class")
    _name_ticks(axes, classes)
    if count <= _NAMED_CLASSES:
        _write_counts(axes, matrix, shares)
    save(figure, to)


def _name_ticks(axes: Axes, classes: Sequence[str]) -> None:
    count = len(classes)
    step = -(-count // _NAMED_CLASSES)  # each, or each second, third ...
    places = range(0, count, step)
    names = [_short(name) for name in legible(classes)[::step]]
    size = _letter_size(count)
    axes.set_xticks(places, names, rotation=90 if count > 6 else 0, fontsize=size)  # noqa: PLR2004
    axes.set_yticks(places, names, fontsize=size)
    take_literally([*axes.get_xticklabels(), *axes.get_yticklabels()])
    if count <= _NAMED_CLASSES:
        axes.set_xticks(np.arange(count + 1) - 0.5, minor=True)
        axes.set_yticks(np.arange(count + 1) - 0.5, minor=True)
        axes.grid(which="minor", color="#D8D8D8", linewidth=0.4)
        axes.tick_params(which="minor", length=0)


def _write_counts(axes: Axes, matrix: Counts, shares: npt.NDArray[np.float64]) -> None:
    """Write what is not zero; light letters on dark fields."""
    dark = 0.3  # of the shares: where the colour is half-way down
    for row, column in zip(*np.nonzero(matrix), strict=True):
        axes.text(
            column,
            row,
            str(matrix[row, column]),
            ha="center",
            va="center",
            fontsize=_letter_size(len(matrix)) * 0.9,
            color="white" if shares[row, column] > dark else "black",
        )


def _letter_size(count: int) -> float:
    """Return points that fit into a field, 0.24 inch of 72 points each."""
    return float(np.clip(9.5 - 0.05 * count, 6.5, 9.0))


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
