"""A comparison shows what differs and every metric, and knows which runs are meant."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from coralexp.artifacts.runs import Runs
from coralexp.errors import UnknownRunError
from coralexp.report.compare import chosen, comparison, print_comparison

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord


@pytest.fixture
def runs(tmp_path: Path, records: list[RunRecord], sweep: RunRecord) -> Runs:
    kept = Runs(tmp_path / "runs")
    for record in [sweep, *records]:
        kept.save(record)
    return kept


def test_only_parameters_that_differ_are_shown(records: list[RunRecord]) -> None:
    lines = {line.name: line.values for line in comparison(records[:2])}

    assert lines["quant"] == ("ptq", "float16")
    assert lines["quant.calibration_images"] == ("200", "-")
    assert not {"seed", "backbone", "backbone.width"} & lines.keys()


def test_every_metric_is_shown_and_where_it_comes_from(records: list[RunRecord]) -> None:
    lines = {line.name: line.values for line in comparison(records)}

    assert lines["accuracy"] == ("0.9531", "0.97", "-")
    assert lines["model_size_bytes"] == ("729088", "3565158", "-")
    assert lines["edgetpu_latency_source"] == ("estimated", "-", "-")
    assert lines["state"] == ("FINISHED", "FINISHED", "FAILED")


@pytest.mark.parametrize("width", [40, 80, 200])
def test_every_run_has_its_column_at_any_width(records: list[RunRecord], width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)

    print_comparison(records, console)

    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    for word in [*(record.id for record in records), "0.9531", "3565158"]:
        assert word in text


def test_equal_runs_are_said_to_be_equal(records: list[RunRecord]) -> None:
    console = Console(file=io.StringIO())

    print_comparison([records[0], records[0]], console)

    assert isinstance(console.file, io.StringIO)
    assert "The parameters of these runs are all the same." in console.file.getvalue()


def test_a_sweep_stands_for_its_runs_and_none_is_shown_twice(
    runs: Runs, records: list[RunRecord], sweep: RunRecord
) -> None:
    found = chosen(runs, [records[1].id, sweep.id])

    assert [run.number for run in found] == [1, 0, 2]


def test_without_ids_the_latest_sweep_is_meant(runs: Runs) -> None:
    assert [run.number for run in chosen(runs, [])] == [0, 1, 2]


def test_without_ids_after_a_job_alone_the_last_ten_runs_are_meant(
    runs: Runs, records: list[RunRecord]
) -> None:
    alone = records[0]
    for number in range(12):
        alone.id, alone.sweep, alone.started = f"20261124-{number:06}-bbbbbb", None, 100.0 + number
        runs.save(alone)

    found = chosen(runs, [])

    assert [run.started for run in found] == [102.0 + number for number in range(10)]


def test_an_unknown_id_is_an_error(runs: Runs) -> None:
    with pytest.raises(UnknownRunError, match="run '2019'"):
        chosen(runs, ["2019"])
