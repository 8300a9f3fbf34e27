"""What all pictures share: no global state of matplotlib, colours for every eye, and for print."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.figure import Figure
    from matplotlib.text import Text

# Okabe and Ito, "Color Universal Design" (2008): told apart with any colour vision, and in grey.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREY = "#5F5F5F"
_DOTS_PER_INCH = 130


def new_figure(width_in: float, height_in: float) -> Figure:
    """Return an empty figure that belongs to no window and may be drawn in any thread.

    Args:
        width_in: Width in inches.
        height_in: Height in inches.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(width_in, height_in), dpi=_DOTS_PER_INCH, layout="constrained")
    FigureCanvasAgg(figure)
    return figure


def save(figure: Figure, to: Path) -> None:
    """Write a figure as PNG; the same figure gives the same bytes."""
    figure.savefig(to, format="png", facecolor="white", metadata={"Software": None})


def legible(names: Sequence[str]) -> list[str]:
    """Return names that the font can show: others become the number of their class, `#12`."""
    from matplotlib.font_manager import findfont, get_font

    font = get_font(findfont("DejaVu Sans"))
    return [
        name if all(font.get_char_index(ord(letter)) for letter in name) else f"#{number}"
        for number, name in enumerate(names)
    ]


def take_literally(texts: Sequence[Text]) -> None:
    """Show texts as they stand; a dollar sign in the name of a class is no formula."""
    for text in texts:
        text.set_parse_math(False)
