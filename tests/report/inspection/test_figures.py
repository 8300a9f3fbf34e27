"""Figures in words."""

from __future__ import annotations

import pytest

from coralexp.report.inspection.figures import in_bytes, in_macs, in_ms, operators_at, places, shape


@pytest.mark.parametrize(
    ("value_ms", "text"),
    [
        (None, "-"),
        (0, "0.000"),
        (1e-5, "<0.001"),
        (0.0421, "0.042"),
        (2.634, "2.63"),
        (19.06, "19.1"),
        (184.2, "184"),
    ],
)
def test_a_time_has_three_digits_that_matter(value_ms: float | None, text: str) -> None:
    assert in_ms(value_ms) == text


def test_sizes_and_work_have_units() -> None:
    assert [in_bytes(n) for n in (None, 0, 576, 1536, 150_528, 3_600_000)] == [
        "-",
        "0 B",
        "576 B",
        "1.5 KiB",
        "147 KiB",
        "3.4 MiB",
    ]
    assert [in_macs(n) for n in (None, 0, 9600, 300_775_552)] == ["-", "0", "9.6 k", "300.8 M"]


def test_neighbours_are_joined() -> None:
    assert places([0, 2, 3, 4, 9]) == "0, 2-4, 9"
    assert places([0, 2, 4, 6], most=2) == "0, 2, ..."
    assert operators_at([7]) == "operator 7"
    assert operators_at([7, 8]) == "operators 7-8"


def test_a_shape_says_what_only_the_run_tells() -> None:
    assert shape((1, -1, 3)) == "1x?x3"
    assert shape(()) == "scalar"
