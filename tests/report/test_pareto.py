"""Which jobs no other one beats, and the picture of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from coralexp.artifacts.runs import new_record
from coralexp.report.pareto import Point, draw_pareto, front

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord

NOBODY = new_record("run")


def beats(one: Point, other: Point) -> bool:
    no_worse = one.cost <= other.cost and one.accuracy >= other.accuracy
    return no_worse and (one.cost, one.accuracy) != (other.cost, other.accuracy)


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(0, 6)), max_size=12))
def test_the_front_is_what_no_other_point_beats(pairs: list[tuple[int, int]]) -> None:
    points = [Point(NOBODY, float(cost), good / 6) for cost, good in pairs]

    expected = [point for point in points if not any(beats(other, point) for other in points)]

    found = front(points)
    assert sorted(map(id, found)) == sorted(map(id, expected))
    assert [point.cost for point in found] == sorted(point.cost for point in found)


@pytest.mark.slow
def test_two_jobs_that_ended_make_a_picture_and_one_makes_none(
    records: list[RunRecord], tmp_path: Path
) -> None:
    records[0].metrics["device_latency_ms"] = 1.83
    records[1].metrics["device_latency_ms"] = 14.0

    assert draw_pareto(records, tmp_path / "pareto.png")
    with Image.open(tmp_path / "pareto.png") as picture:
        assert 800 < picture.size[0] < 2400
    assert not draw_pareto(records[1:], tmp_path / "one.png")
    assert not (tmp_path / "one.png").exists()
