"""Tables that lose nothing: rich on a terminal that is wide enough, plain text otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import starmap
from typing import TYPE_CHECKING, Literal

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console

_GAP = "  "


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: Above it.
        right: Whether its texts end at the same place, as figures do.
    """

    title: str
    right: bool = False


def show(columns: Sequence[Column], rows: Sequence[Sequence[str]], console: Console) -> None:
    """Print a table; no cell is cut or broken.

    On a terminal that is too narrow each row becomes a block, a line for each column. Piped, it is
    plain text of any width, for `grep`, `sort` and files.

    Args:
        columns: Titles.
        rows: Texts, as many as there are columns; on a terminal they may have several lines.
        console: Where to.
    """
    if not console.is_terminal:
        _print(_aligned(columns, rows), console)
    elif _width(columns, rows) > console.width:
        _print(_blocks(columns, rows), console)
    else:
        table = Table(box=None, padding=(0, 1), header_style="bold")
        for column in columns:
            table.add_column(Text(column.title), justify=_side(column), no_wrap=True)
        for row in rows:
            table.add_row(*map(Text, row))
        console.print(table)


def say(text: str, console: Console) -> None:
    """Print a line as it stands: no markup, no line breaks for the sake of a width."""
    console.print(text, soft_wrap=True, markup=False, highlight=False, emoji=False)


def _width(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> int:
    """Return how many places the table takes with a place of space around each column."""
    table = [[column.title for column in columns], *rows]
    return sum(
        2 + max(cell_len(line) for cell in cells for line in cell.splitlines() or [""])
        for cells in zip(*table, strict=True)
    )


def _side(column: Column) -> Literal["left", "right"]:
    return "right" if column.right else "left"


def _print(lines: Sequence[str], console: Console) -> None:
    for line in lines:
        say(line, console)


def _aligned(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    table = [[column.title for column in columns], *rows]
    widths = [max(map(cell_len, cells)) for cells in zip(*table, strict=True)]
    return [
        _GAP.join(starmap(_pad, zip(row, widths, columns, strict=True))).rstrip() for row in table
    ]


def _pad(cell: str, width: int, column: Column) -> str:
    space = " " * (width - cell_len(cell))
    return space + cell if column.right else cell + space


def _blocks(columns: Sequence[Column], rows: Sequence[Sequence[str]]) -> list[str]:
    width = max(cell_len(column.title) for column in columns)
    blocks = [
        [
            f"{_pad(column.title, width, Column(''))}{_GAP}{' '.join(cell.splitlines())}"
            for column, cell in zip(columns, row, strict=True)
        ]
        for row in rows
    ]
    return [line for block in blocks for line in [*block, ""]][:-1]
