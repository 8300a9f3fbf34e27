"""The table of operators, for people and for programs."""

from __future__ import annotations

import csv
import dataclasses
from typing import TYPE_CHECKING

from coralexp.report.inspection.operator_table import COLUMNS, write_operator_table

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.edgetpu.inspection import Inspection


def test_both_tables_have_every_operator(make: Callable[..., Inspection], tmp_path: Path) -> None:
    markdown, table = tmp_path / "operators.md", tmp_path / "operators.csv"

    write_operator_table(make(on_cpu=frozenset({5})), markdown, table)

    with table.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert tuple(rows[0]) == COLUMNS
    assert [int(row["index"]) for row in rows] == list(range(68))
    assert rows[5]["placement"] == "cpu"
    assert rows[5]["advice"] == "make its input smaller"
    lines = markdown.read_text(encoding="utf-8").splitlines()
    assert lines[0] == "67 of 68 operators on the chip (98.5%)."
    assert sum(line.startswith("| ") for line in lines) == 1 + 68


def test_a_refusal_is_told_above_the_table(make: Callable[..., Inspection], tmp_path: Path) -> None:
    markdown = tmp_path / "operators.md"

    write_operator_table(make(rejected=True), markdown, tmp_path / "operators.csv")

    assert "- **Model not quantized**: tensor 'x' is float32 " in markdown.read_text("utf-8")


def test_names_stay_in_their_cells(inspection: Inspection, tmp_path: Path) -> None:
    operators = list(inspection.placement.operators)
    operators[0] = dataclasses.replace(operators[0], op="a|b\n<b>`c`")
    placement = dataclasses.replace(inspection.placement, operators=tuple(operators))
    markdown = tmp_path / "operators.md"

    write_operator_table(
        dataclasses.replace(inspection, placement=placement), markdown, tmp_path / "operators.csv"
    )

    assert "| 0 | a\\|b \\<b>\\`c\\` | 1 |" in markdown.read_text(encoding="utf-8")
