"""A sheet of the worst mistakes: test images that were most surely taken for something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index, read_split
from coralexp.errors import StoreError
from coralexp.report.figures import legible, new_figure, save, take_literally

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt
    from matplotlib.axes import Axes

    Labels = npt.NDArray[np.int64]
    Probabilities = npt.NDArray[np.float32]

MOST = 24  # on a sheet
_COLUMNS = 6
_SIDE_IN = 1.25
_TEXT_IN = 0.32  # below each picture
_LONGEST_NAME = 16  # characters that fit below a picture


def worst_mistakes(labels: Labels, probabilities: Probabilities, most: int = MOST) -> list[int]:
    """Return the rows of wrong answers, the surest first.

    Args:
        labels: True classes, `[N]`.
        probabilities: What the model answered, `[N, K]`.
        most: How many rows at the most.
    """
    answers = probabilities.argmax(axis=1)
    wrong = np.flatnonzero(answers != labels)
    sureness = probabilities[wrong, answers[wrong]]
    ordered: list[int] = wrong[np.argsort(-sureness, kind="stable")][:most].tolist()
    return ordered


def draw_mistakes(dataset: Path, labels: Labels, probabilities: Probabilities, to: Path) -> bool:
    """Draw the worst mistakes, each with its true class, and the answer with its probability.

    Args:
        dataset: Folder of the dataset in the store.
        labels: True classes of its test images, `[N]`.
        probabilities: What the model answered, `[N, K]`.
        to: PNG file to write.

    Returns:
        Whether there was a mistake; without one no file is written.

    Raises:
        StoreError: If the dataset cannot be read, or is another one.
    """
    rows = worst_mistakes(labels, probabilities)
    if not rows:
        return False
    classes = read_index(dataset).classes
    images, known = read_split(dataset, "test")
    if not np.array_equal(known, labels):
        raise StoreError(f"{dataset}: its test images are not those that were judged")
    names = [_short(name) for name in legible(classes)]
    answers = probabilities.argmax(axis=1)
    count = int(np.count_nonzero(answers != labels))
    lines = -(-len(rows) // _COLUMNS)
    figure = new_figure(_COLUMNS * _SIDE_IN, lines * (_SIDE_IN + _TEXT_IN) + 0.35)
    shown = "all" if count == len(rows) else f"the surest {len(rows)}"
    figure.suptitle(f"Mistakes: {shown} of {count}, in {len(labels)} test images", fontsize=11)
    places = figure.subplots(lines, _COLUMNS, squeeze=False).ravel()
    for axes, row in zip(places, rows, strict=False):
        answer = answers[row]
        sure = f"{probabilities[row, answer]:.0%}"
        _picture(axes, images[row], names[labels[row]], f"{names[answer]} {sure}")
    for axes in places[len(rows) :]:
        axes.set_axis_off()
    save(figure, to)
    return True


def _picture(axes: Axes, image: npt.NDArray[np.uint8], true: str, answer: str) -> None:
    axes.imshow(image.squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    text = axes.set_xlabel(f"is {true}\nsaid {answer}", fontsize=7.5, labelpad=2)
    take_literally([axes.xaxis.label] if text is None else [text])


def _short(name: str) -> str:
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 1]}…"
