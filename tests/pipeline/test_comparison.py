"""Two makings of one job: the same bits, near enough, or different, and why."""

from __future__ import annotations

import dataclasses

import pytest

from coralexp.artifacts.expected import ExpectedJob, ExpectedStage, from_json, to_json
from coralexp.pipeline.comparison import compare

BITS = {"threads": 2, "processor": "x86_64 avx2"}
JOB = ExpectedJob(
    run="20261123-165012-3f2a9c",
    config="config.yaml",
    overrides=["quant=ptq"],
    commit="abc",
    environment={"tensorflow": "2.21.0", "processor": "x86_64 avx2"},
    metrics={"accuracy": 0.9, "parameters_total": 100.0},
    tolerances={"accuracy": 0.02, "parameters_total": 0.0},
    stages={
        "dataset": ExpectedStage("0" * 20, {"dataset.json": "d"}, {"content": "c", "seed": 1}),
        "train": ExpectedStage("1" * 20, {"model.h5": "m"}, {"version": 1, "bits": BITS}),
    },
)


def trained(digest: str, **ingredients: object) -> dict[str, ExpectedStage]:
    stage = ExpectedStage(
        "2" * 20, {"model.h5": digest}, {"version": 1, "bits": BITS, **ingredients}
    )
    return {**JOB.stages, "train": stage}


def test_equal_bits_and_metrics_are_identical() -> None:
    assert compare(JOB, JOB).verdict == "identical to the bit"


def test_other_bits_with_equal_metrics_are_within_tolerance_and_named() -> None:
    found = compare(JOB, dataclasses.replace(JOB, stages=trained("other")))

    assert found.verdict == "within tolerance"
    assert found.files == ["train/model.h5"]
    assert found.causes == []


@pytest.mark.parametrize(
    ("accuracy", "verdict"), [(0.915, "within tolerance"), (0.93, "different")]
)
def test_the_tolerance_decides(accuracy: float, verdict: str) -> None:
    metrics = {**JOB.metrics, "accuracy": accuracy}

    found = compare(JOB, dataclasses.replace(JOB, metrics=metrics, stages=trained("other")))

    assert found.verdict == verdict
    assert [(one.metric, one.before, one.now) for one in found.metrics] == [
        ("accuracy", 0.9, accuracy)
    ]


def test_a_metric_that_is_missing_is_different() -> None:
    assert compare(JOB, dataclasses.replace(JOB, metrics={"accuracy": 0.9})).verdict == "different"


def test_what_is_not_known_is_never_called_identical() -> None:
    forgotten = {**JOB.stages, "train": ExpectedStage("1" * 20)}

    found = compare(dataclasses.replace(JOB, stages=forgotten), JOB)

    assert (found.verdict, found.unknown) == ("within tolerance", ["train"])


def test_causes_are_named() -> None:
    stages = trained("other", version=2, bits={"threads": 4, "processor": "x86_64 avx512f"})
    stages["dataset"] = ExpectedStage("3" * 20, {"dataset.json": "d"}, {"content": "x", "seed": 1})
    now = dataclasses.replace(
        JOB,
        commit="def",
        environment={"tensorflow": "2.22.0", "processor": "x86_64 avx512f"},
        stages=stages,
    )

    assert compare(JOB, now).causes == [
        "code: commit abc, now def",
        "processor: x86_64 avx2, now x86_64 avx512f",
        "tensorflow: 2.21.0, now 2.22.0",
        "dataset digest: c, now x",
        "train version: 1, now 2",
        "threads: 2, now 4",
    ]


def test_what_is_written_is_what_is_read() -> None:
    jobs, files = from_json(to_json([JOB], ["README.md"]).encode())

    assert (jobs, files) == ([JOB], ["README.md"])
    assert jobs[0].threads == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('"schema": 1', '"schema": 2'),
        ('"config.yaml"', '"../config.yaml"'),
        ('"config.yaml"', '"/etc/passwd"'),
        ('"README.md"', '"../../README.md"'),
        ("0.02", "-0.02"),
        ("0.02", "NaN"),
        ("0.02", "1e999"),
        ("0.02", '"0.02"'),
        ('"accuracy": 0.9', '"accuracy": true'),
        ('"commit": "abc"', '"commit": 3'),
        ('"commit": "abc"', '"commit": "\\u001b]0;x"'),
        ('"commit": "abc"', '"commit": "abc", "commit": "def"'),
        ('"commit": "abc"', f'"commit": {"[" * 100_000}'),
    ],
)
def test_anything_else_is_refused(old: str, new: str) -> None:
    text = to_json([JOB], ["README.md"])
    assert old in text

    with pytest.raises(ValueError, match=r"\w"):
        from_json(text.replace(old, new, 1).encode())
