"""What is impossible about an experiment."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from coralexp.errors import ConfigError
from coralexp.pipeline.check import problems
from coralexp.spec.compose import parse

PLUGIN = Path(__file__).parents[1] / "plugin"


@pytest.fixture
def lab(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """Return the YAML files of a small laboratory whose package can be imported meanwhile."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.chdir(tmp_path)
    return PLUGIN / "conf"


def told(lab: Path | None, *args: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        parse(args, check=problems, user_conf=lab)
    return [str(problem) for problem in caught.value.problems]


def test_what_is_possible_passes(lab: Path) -> None:
    assert len(parse(["backbone=halving,wide"], check=problems, user_conf=lab).experiments) == 2


def test_everything_impossible_comes_at_once(lab: Path) -> None:
    assert told(lab, "dataset.side_px=40", "head.dropout=2", "quant.calibration_images=0") == [
        "backbone: sides must be multiples of 32 px; got 40 x 40",
        "head.dropout: expected a share from 0 to below 1, got 2.0",
        "quant.calibration_images: expected at least 1, got 0",
    ]


def test_an_option_that_is_at_fault_is_named(lab: Path) -> None:
    assert told(lab, "dataset.classes=11") == ["dataset.classes: only 10 kinds exist, got 11"]
    assert told(lab, "backbone.weights=imagenet") == [
        "backbone.weights: imagenet exists for width 1.0 alone, not 0.5"
    ]


def test_an_error_of_a_part_is_told_under_its_group(lab: Path) -> None:
    assert told(lab, "dataset.path=empty") == ["dataset: empty: holds no image"]


def test_a_bug_of_a_part_is_told_with_its_place(lab: Path) -> None:
    (text,) = told(lab, "backbone=faulty")

    assert text.startswith("backbone: smalllab.parts.faulty raised KeyError: ")
    assert "parts.py:" in text
    assert text.endswith("the part has a bug")


def test_a_part_of_the_wrong_kind_is_told(lab: Path) -> None:
    assert told(lab, "quant._target_=smalllab.parts.board") == [
        "quant: smalllab.parts.board has to return a QuantizationMode, not a Board"
    ]


def test_problems_of_the_configuration_and_impossible_ones_come_together(lab: Path) -> None:
    assert told(lab, "device.clokc=max", "dataset.side_px=40") == [
        "backbone: sides must be multiples of 32 px; got 40 x 40",
        "device.clokc: unknown option, did you mean 'clock'?",
    ]


def test_in_a_sweep_each_question_is_asked_once(lab: Path) -> None:
    parse([], user_conf=lab)
    from smalllab.parts import calls

    calls.clear()
    parse(["seed=range(0,100)", "backbone=halving,wide"], check=problems, user_conf=lab)

    assert sorted(calls) == ["blocks", "flat", "halving", "halving", "whole"]


def test_the_next_command_asks_again(lab: Path) -> None:
    parse([], check=problems, user_conf=lab)
    from smalllab.parts import calls

    calls.clear()
    parse([], check=problems, user_conf=lab)

    assert "blocks" in calls


def test_a_problem_of_some_jobs_says_in_which(lab: Path) -> None:
    first, second, third = told(lab, "dataset.side_px=32,40", "backbone=halving,faulty", "seed=1")

    assert first.endswith("; the part has a bug (where dataset.side_px=32 backbone=faulty)")
    assert second == (
        "backbone: sides must be multiples of 32 px; got 40 x 40"
        " (where dataset.side_px=40 backbone=halving)"
    )
    assert third.endswith("; the part has a bug (where dataset.side_px=40 backbone=faulty)")


def test_the_real_defaults_are_possible() -> None:
    assert parse([], check=problems).experiments


def test_an_image_side_that_the_real_backbone_cannot_take_is_told() -> None:
    (text,) = told(None, "dataset.side_px=100", "backbone=mobilenetv2")

    assert text.startswith("backbone")
    assert "32" in text


def test_twenty_real_jobs_are_checked_in_time() -> None:
    start = time.perf_counter()
    parse(["seed=range(0,20)"], check=problems)

    assert time.perf_counter() - start < 2.0  # promised: 0.1 s a job


def test_a_computed_head_wants_features_that_stay() -> None:
    (experiment,) = parse(
        ["dataset=digits", "backbone=convnet", "head=nearest_mean", "training=standard"]
    ).experiments
    frozen = ["training.freeze_backbone=true", "training.shift=0"]
    (fit,) = parse(["dataset=digits", "backbone=convnet", "head=nearest_mean", *frozen]).experiments

    assert [problem.key for problem in problems(experiment)] == [
        "training.freeze_backbone",
        "training.shift",
    ]
    assert problems(fit) == []


@pytest.mark.parametrize(
    ("line", "refused"),
    [
        (["backbone=densenet121"], True),
        (["backbone=mobilenetv3small"], True),
        (["backbone=mobilenetv3small", "backbone.minimalistic=true"], False),
        (["backbone=cifar10_tutorial"], True),
        (["backbone=cifar10_tutorial", "backbone.normalization=batch"], False),
    ],
)
def test_fine_tuning_is_refused_before_anything_is_trained(line, refused: bool) -> None:
    (experiment,) = parse(["quant=qat", *line]).experiments

    found = problems(experiment)

    assert [problem.key for problem in found] == (["quant"] if refused else [])
    assert all("take quant=ptq" in problem.text for problem in found)


def test_the_network_has_the_size_of_the_window() -> None:
    request = ["dataset=digits", "dataset.side_px=40", "backbone=mobilenetv2"]

    assert parse([*request, "training.window_px=32"], check=problems)
    assert told(None, *request, "training.window_px=41")[-1] == (
        "training.window_px: does not fit into images of 40 x 40 px; got 41"
    )
    assert told(None, *request, "training.window_px=-1")[-1] == (
        "training.window_px: is a side in pixels, or 0 for none; got -1"
    )
