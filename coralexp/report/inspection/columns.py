"""Aligned columns, of which the last one is wrapped to the width of the terminal."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

from rich.cells import cell_len
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.console import Console

_GAP = "  "
_LEAST = 24  # places that the wrapped column keeps, if the terminal has them or not


def plain(text: str, encoding: str = "utf-8") -> str:
    """Return a text that a terminal shows as it is: names in a file may hold anything.

    Args:
        text: Any.
        encoding: That the terminal understands; other characters become escapes.
    """
    shown = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
    return shown.encode(encoding, "backslashreplace").decode(encoding)


def say(text: str, console: Console, style: str = "", indent: int = 0, hang: int = 0) -> None:
    """Print a paragraph, wrapped to the terminal's width.

    Args:
        text: In words.
        console: Where to.
        style: Of rich, such as `bold`.
        indent: Places before the first line.
        hang: Further places before the other lines.
    """
    shown = plain(text, console.encoding)
    space = " " * indent
    lines = textwrap.wrap(
        shown,
        max(console.width, _LEAST + indent + hang),
        initial_indent=space,
        subsequent_indent=space + " " * hang,
        break_long_words=False,
        break_on_hyphens=False,
    )
    for line in lines or [""]:
        console.print(Text(line, style=style), soft_wrap=True)


def show(
    titles: Sequence[str],
    rows: Iterable[tuple[str, Sequence[str]]],
    console: Console,
    right: frozenset[int] = frozenset(),
    *,
    titled: bool = True,
    wrap: bool = True,
    widths: Sequence[int] = (),
) -> None:
    """Print a table.

    Args:
        titles: Of the columns.
        rows: A style of rich and a text for each column.
        console: Where to.
        right: Columns whose texts end at the same place, as figures do.
        titled: Whether the titles are shown.
        wrap: Whether the last column is broken to fit; if not, lines may be wider than the
            terminal.
        widths: That columns have at least, so that several tables stand in one line.
    """
    told = [("bold", titles)] * titled + list(rows)
    table = [(style, [plain(cell, console.encoding) for cell in row]) for style, row in told]
    least = widths or [0] * len(titles)
    wide = [max([least[n], *(cell_len(row[n]) for _, row in table)]) for n in range(len(titles))]
    before = sum(wide[:-1]) + len(_GAP) * len(wide)
    room = max(console.width - before, _LEAST) if wrap else max(wide[-1], 1)
    for style, row in table:
        last = textwrap.wrap(row[-1], room, break_on_hyphens=False) or [""]
        if len(titles) - 1 in right:
            last = [_pad(row[-1], wide[-1], right=True)]
        cells = [_pad(cell, wide[n], right=n in right) for n, cell in enumerate(row[:-1])]
        lines = [_GAP.join(["", *cells, last[0]]), *(" " * before + line for line in last[1:])]
        for line in lines:
            console.print(Text(line.rstrip(), style=style), soft_wrap=True)


def _pad(cell: str, width: int, *, right: bool) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if right else cell + space
