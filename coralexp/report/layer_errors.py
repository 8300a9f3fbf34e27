"""How much noise quantization brought into each layer, drawn."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from coralexp.report.figures import BLUE, GREY, ORANGE, new_figure, save, take_literally

if TYPE_CHECKING:
    from pathlib import Path

_LAYER_IN = 0.17  # height of a bar with its name
_CLEAN_DB = 100.0  # bars end here; a layer without noise has no end
_NAME_CHARACTERS = 34
_MOST_LAYERS = 80  # a page; of a deeper network those with most noise are drawn


def draw_layer_errors(table: Path, to: Path) -> None:
    """Draw the signal-to-noise ratio of every layer, the one that adds most noise in orange.

    Args:
        table: `layer_errors.csv` of a `fidelity` entry.
        to: PNG file to write.
    """
    with table.open(newline="", encoding="utf-8") as file:
        every = list(csv.DictReader(file))
    rows = _noisiest(every)
    ratios = [min(float(row["sqnr_db"] or _CLEAN_DB), _CLEAN_DB) for row in rows]
    added = [float(row["added_noise"]) for row in rows]
    worst = max(added, default=0.0)
    colours = [ORANGE if worst and noise == worst else BLUE for noise in added]
    figure = new_figure(7.0, 1.2 + _LAYER_IN * max(len(rows), 4))
    axes = figure.subplots()
    axes.barh(range(len(rows)), ratios, color=colours, height=0.8)
    axes.set_yticks(range(len(rows)), [row["layer"][:_NAME_CHARACTERS] for row in rows], fontsize=7)
    take_literally(axes.get_yticklabels())
    axes.invert_yaxis()
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.axvline(0, color=GREY, linewidth=0.8)
    axes.set_xlabel("Signal to quantization noise (dB); more is better")
    cut = f" ({len(rows)} noisiest of {len(every)})" if len(rows) < len(every) else ""
    axes.set_title(f"Float against deployed model, layer by layer{cut}")
    axes.grid(visible=True, axis="x", color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    if ORANGE in colours:
        place = colours.index(ORANGE)
        axes.annotate(
            "adds most noise",
            (max(ratios[place], 0), place),
            xytext=(4, 0),
            textcoords="offset points",
            va="center",
            fontsize=7,
            color=ORANGE,
        )
    save(figure, to)


def _noisiest(rows: list[dict[str, str]]) -> list[dict[str, str]]:
    """Return the layers to draw, in their order."""
    by_noise = sorted(range(len(rows)), key=lambda n: float(rows[n]["sqnr_db"] or _CLEAN_DB))
    return [rows[n] for n in sorted(by_noise[:_MOST_LAYERS])]
