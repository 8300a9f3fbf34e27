"""The table at the end says what came out, where it comes from, and why not."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from coralexp.report.table import job_name, print_summary

if TYPE_CHECKING:
    from coralexp.artifacts.record import RunRecord


def printed(records: list[RunRecord], console: Console) -> str:
    print_summary(records, console)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_piped_it_is_aligned_text(records: list[RunRecord]) -> None:
    lines = printed(records, Console(file=io.StringIO())).splitlines()

    assert lines[0].split() == ["run", "job", "accuracy", "size", "Edge", "TPU"]
    assert lines[1].split()[1:] == [
        "quant=ptq",
        "0.9531",
        "712",
        "KiB",
        "~1.83",
        "ms",
        "(1.22-2.75)",
    ]
    assert lines[2].split()[1:] == ["quant=float16", "0.9700", "3.4", "MiB", "-"]
    assert lines[3].split()[1:] == ["quant=qat", "failed", "-", "-"]
    assert lines[1].index("0.9531") == lines[2].index("0.9700")


def test_it_says_what_is_estimated_and_why_something_is_missing(records: list[RunRecord]) -> None:
    text = printed(records, Console(file=io.StringIO()))

    assert "~ predicted, not measured on a chip" in text
    assert "no Edge TPU time for quant=float16: not fully integer" in text
    assert "failed: quant=qat: TrainingError: the loss is nan\n  lower the rate\n" in text
    assert text.endswith("more: coralexp compare 20261123-165959-ffffff, or coralexp ui\n")


def test_a_measured_time_has_no_tilde(records: list[RunRecord]) -> None:
    records[0].tags["edgetpu_latency_source"] = "measured"

    text = printed(records[:1], Console(file=io.StringIO()))

    assert "~" not in text
    assert "1.83 ms" in text


@pytest.mark.parametrize("width", [20, 60, 80, 200])
def test_no_figure_is_cut_at_any_width(records: list[RunRecord], width: int) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=width, color_system=None)

    text = printed(records, console)

    for figure in ("0.9531", "712 KiB", "~1.83 ms (1.22-2.75)", "3.4 MiB", records[0].id):
        assert figure in text


def test_a_job_without_overrides_has_a_name(records: list[RunRecord]) -> None:
    records[0].overrides = []

    assert job_name(records[0]) == "(defaults)"


def test_no_jobs_print_nothing() -> None:
    assert not printed([], Console(file=io.StringIO()))
