"""The best run within limits."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.runs import new_record
from coralexp.errors import ConfigError, UnknownRunError
from coralexp.report.pick import best, estimated, read_limit, within

if TYPE_CHECKING:
    from coralexp.artifacts.record import RunRecord


def made(state: str = "FINISHED", **metrics: float) -> RunRecord:
    record = new_record("run")
    record.state, record.metrics = state, metrics
    return record


FAST = made(accuracy=0.8, edgetpu_latency_ms=1.0, model_size_bytes=100)
SLOW = made(accuracy=0.9, edgetpu_latency_ms=6.0, model_size_bytes=300)
CPU_ONLY = made(accuracy=0.95)
FAILED = made("FAILED", accuracy=1.0, edgetpu_latency_ms=0.1)
ALL = [FAST, SLOW, CPU_ONLY, FAILED]


@pytest.mark.parametrize(
    ("limits", "kept"),
    [
        (["edgetpu_latency_ms<5"], [FAST]),
        (["edgetpu_latency_ms<=6"], [FAST, SLOW]),
        (["accuracy >= 0.9"], [SLOW, CPU_ONLY]),
        (["accuracy>0.8", "edgetpu_latency_ms<1e1"], [SLOW]),
    ],
)
def test_only_finished_runs_that_keep_every_limit_are_left(
    limits: list[str], kept: list[RunRecord]
) -> None:
    assert within(ALL, [read_limit(text) for text in limits]) == kept


def test_the_best_has_the_most_or_the_least() -> None:
    assert best([FAST, SLOW], "accuracy") is SLOW
    assert best([FAST, SLOW, CPU_ONLY], "edgetpu_latency_ms", least=True) is FAST


def test_of_equal_ones_the_smaller_model_is_the_best() -> None:
    small = made(accuracy=0.9, model_size_bytes=50)

    assert best([SLOW, small], "accuracy") is small
    assert best([small, SLOW], "accuracy") is small


def test_how_near_the_nearest_comes_is_told() -> None:
    with pytest.raises(UnknownRunError) as told:
        within(ALL, [read_limit("edgetpu_latency_ms<0.5")])

    assert str(told.value) == (
        "None of 3 runs has edgetpu_latency_ms<0.5: edgetpu_latency_ms comes to 1 at best"
        f" (run {FAST.id})"
    )


def test_runs_that_did_not_finish_are_no_choice() -> None:
    with pytest.raises(UnknownRunError, match="none of these runs has finished"):
        within([FAILED], [read_limit("accuracy>0")])


@pytest.mark.parametrize("text", ["x", "accuracy=0.9", "accuracy<much", "<5", "accuracy<"])
def test_what_is_no_limit_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match="is no limit; expected one such as"):
        read_limit(text)


def test_a_mistyped_metric_is_told_the_right_one() -> None:
    with pytest.raises(ConfigError, match="did you mean 'accuracy'"):
        best(ALL, "acuracy")
    with pytest.raises(ConfigError, match="did you mean 'edgetpu_latency_ms'"):
        within(ALL, [read_limit("edgtpu_latency_ms<5")])


def test_what_was_estimated_is_known() -> None:
    run = made()
    names = ["accuracy", "edgetpu_latency_ms"]

    assert estimated(run, names) == ["edgetpu_latency_ms"]
    run.tags["edgetpu_latency_source"] = "measured"
    assert estimated(run, names) == []
