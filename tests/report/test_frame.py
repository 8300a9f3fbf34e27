"""Runs as rows, for spreadsheets and for pandas."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import pytest

from coralexp.report.frame import frame, write_csv

if TYPE_CHECKING:
    from coralexp.artifacts.record import RunRecord


def test_csv_holds_everything_and_lacks_are_empty(
    records: list[RunRecord], sweep: RunRecord
) -> None:
    file = io.StringIO()

    write_csv([sweep, *records], file)

    rows = list(csv.DictReader(io.StringIO(file.getvalue())))
    assert [row["quant"] for row in rows] == ["ptq", "float16", "qat"]
    assert rows[0]["accuracy"] == "0.95312"
    assert not rows[1]["edgetpu_latency_ms"]
    assert rows[2]["error"] == "TrainingError: the loss is nan\nlower the rate"
    assert rows[0]["edgetpu_latency_source"] == "estimated"


@pytest.mark.slow
def test_the_pandas_table_has_a_row_a_run(records: list[RunRecord]) -> None:
    table = frame(records)

    assert list(table["id"]) == [record.id for record in records]
    assert list(table["accuracy"])[:2] == [0.95312, 0.97]
    assert str(table["started"].dt.year[0]) == "1970"


@pytest.mark.slow
def test_no_runs_give_an_empty_table_with_its_columns() -> None:
    assert list(frame([]).columns) == ["id", "state", "started"]
