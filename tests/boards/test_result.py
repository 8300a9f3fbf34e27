"""A result comes from another program: what is cut short or of something else is refused."""

from __future__ import annotations

import hashlib
import json

import pytest

from coralexp.boards.result import read_look, read_result
from coralexp.errors import BoardError

TIMES = dict.fromkeys(("median", "mean", "std", "p90", "p95", "p99", "min", "max"), 1.5)
RESULT = {
    "schema": 1,
    "model": {"sha256": "ab"},
    "runtime": {},
    "host": {},
    "heat": {},
    "processor": "edgetpu",
    "devices": [],
    "warnings": [],
    "answers": None,
    "first_ms": 30.0,
    "invoke_ms": TIMES,
    "end_to_end_ms": TIMES,
    "inferences": 2,
    "raw": {"invoke_ms": [1, 2], "end_to_end_ms": [1, 2]},
}


def read(fields: object, cut: int = 0) -> None:
    content = json.dumps(fields).encode()
    digest = hashlib.sha256(content).hexdigest()
    read_result(content[: len(content) - cut], digest, "ab", "pi@board")


def test_a_whole_result_is_taken() -> None:
    read(RESULT)


def test_one_that_was_cut_short_is_refused() -> None:
    with pytest.raises(BoardError, match="pi@board: the result was cut short"):
        read(RESULT, cut=1)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"schema": 2}, "has schema 2; this coralexp reads 1"),
        ({"model": {"sha256": "cd"}}, "another model was measured"),
        ({"inferences": 3}, "raw.invoke_ms holds 2 times of 3"),
        ({"raw": {"invoke_ms": [1, -2], "end_to_end_ms": [1, 2]}}, "raw.invoke_ms holds no times"),
        ({"raw": None}, "raw.invoke_ms holds no times"),
        ({"invoke_ms": {**TIMES, "p95": "1"}}, "invoke_ms lacks a time"),
        ({"first_ms": None}, "first_ms is no time"),
        ({"processor": "gpu"}, "processor is neither"),
        ({"host": []}, "host is missing"),
        ({"answers": [1, -1]}, "answers are no classes"),
        ({"warnings": ["\x1b[2J"]}, "control characters"),
        ({"error": {"kind": "device", "text": "no device"}}, "pi@board: no device"),
    ],
)
def test_what_is_not_as_promised_is_refused(change: dict[str, object], says: str) -> None:
    with pytest.raises(BoardError, match=says):
        read({**RESULT, **change})


def test_times_that_are_no_numbers_are_refused() -> None:
    with pytest.raises(BoardError, match="cannot be read: it holds NaN"):
        read({**RESULT, "first_ms": float("nan")})


def test_a_look_that_tells_nothing_is_refused() -> None:
    with pytest.raises(BoardError, match="host or devices missing"):
        read_look('{"schema": 1}', "pi@board")
