"""Learning curves: loss and accuracy over the epochs of the training and of the fine-tuning."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.report.figures import BLUE, GREY, ORANGE, new_figure, save

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

_MARKERS_UP_TO = 40  # epochs; with more of them the dots hide the line


def draw_curves(
    training: Sequence[Mapping[str, float | None]],
    fine_tuning: Sequence[Mapping[str, float | None]],
    to: Path,
) -> None:
    """Draw loss and accuracy, of training and validation images, side by side.

    Args:
        training: An entry for each epoch: `loss`, `accuracy` in [0, 1], and, where there is a
            validation split, `validation_loss` and `validation_accuracy`.
            A training in two phases says which in `phase`, from 1.
        fine_tuning: The same for quantization-aware training; drawn behind it. May be empty.
        to: PNG file to write.
    """
    figure = new_figure(9.0, 3.6)
    for axes, name, label in zip(
        figure.subplots(1, 2),
        ("loss", "accuracy"),
        ("Loss (cross-entropy)", "Accuracy (share of images)"),
        strict=True,
    ):
        _lines(axes, name, training, 0, labelled=True)
        _lines(axes, name, fine_tuning, len(training), labelled=False)
        first = sum(epoch.get("phase", 1) == 1 for epoch in training)
        if 0 < first < len(training):
            _border(axes, first + 0.5, "more layers learn")
        if fine_tuning and training:
            _border(axes, len(training) + 0.5, "quantization-aware")
        axes.set_title(name.capitalize())
        axes.set_xlabel("Epoch")
        axes.set_ylabel(label)
        axes.set_xlim(0.5, max(1, len(training) + len(fine_tuning)) + 0.5)
        axes.xaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)
        axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
        axes.set_axisbelow(True)
        if axes.get_legend_handles_labels()[0]:
            axes.legend(frameon=False, loc="best")
    save(figure, to)


def _lines(
    axes: Axes,
    name: str,
    epochs: Sequence[Mapping[str, float | None]],
    offset: int,
    *,
    labelled: bool,
) -> None:
    marker = "o" if len(epochs) <= _MARKERS_UP_TO else ""
    for key, label, colour, dashes in (
        (name, "training", BLUE, "-"),
        (f"validation_{name}", "validation", ORANGE, "--"),
    ):
        points = [
            (offset + number, value)
            for number, epoch in enumerate(epochs, start=1)
            if (value := epoch.get(key)) is not None and math.isfinite(value)
        ]
        if points:
            axes.plot(
                *zip(*points, strict=True),
                label=label if labelled else None,
                color=colour,
                linestyle=dashes,
                marker=marker,
                markersize=3,
            )


def _border(axes: Axes, x: float, text: str) -> None:
    from matplotlib.patheffects import withStroke

    axes.axvline(x, color=GREY, linewidth=0.8, linestyle=":")
    axes.annotate(
        text,
        (x, 0.5),
        xycoords=("data", "axes fraction"),
        xytext=(3, 0),
        textcoords="offset points",
        rotation=90,
        va="center",
        fontsize=8,
        color=GREY,
        path_effects=[withStroke(linewidth=3, foreground="white")],  # legible where lines cross
    )
