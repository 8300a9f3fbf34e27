"""A picture of what a network is trained on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index, read_split

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

ROWS, COLUMNS = 4, 4
LONGEST_TITLE = 18  # characters that fit above a picture


def draw(entry: Path, to: Path) -> None:
    """Draw 16 training images with their labels above them, from classes spread over all.

    The same dataset gives the same picture.

    Args:
        entry: Folder of the dataset in the store.
        to: PNG file to write.

    Raises:
        StoreError: If the dataset cannot be read.
    """
    import warnings

    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    classes = read_index(entry).classes
    images, labels = read_split(entry, "train")
    figure = Figure(figsize=(6.4, 7.0), dpi=100, layout="constrained")
    FigureCanvasAgg(figure)
    for place, row in enumerate(spread(labels, ROWS * COLUMNS), start=1):
        axes = figure.add_subplot(ROWS, COLUMNS, place)
        axes.imshow(images[row].squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
        name = classes[labels[row]]
        short = name if len(name) <= LONGEST_TITLE else f"{name[: LONGEST_TITLE - 1]}…"
        axes.set_title(short, fontsize=10, parse_math=False)
        axes.set_axis_off()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Glyph")
        figure.savefig(to, format="png")


def spread(labels: npt.NDArray[np.int64], count: int) -> list[int]:
    """Return rows whose classes are many and far apart, in the order of the classes.

    Args:
        labels: Class of each row, int64 `[N]`.
        count: How many rows, fewer only where there are fewer.
    """
    rows_of = [np.flatnonzero(labels == label).tolist() for label in np.unique(labels)]
    if len(rows_of) >= count:
        wanted = np.linspace(0, len(rows_of) - 1, count).round().astype(int)
        return [rows_of[place][0] for place in wanted]
    turns = [rows[turn] for turn in range(count) for rows in rows_of if turn < len(rows)]
    return sorted(turns[:count], key=lambda row: (int(labels[row]), row))
