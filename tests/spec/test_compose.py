"""From override strings to a request."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from coralexp.errors import ConfigError, Problem
from coralexp.spec.compose import parse
from coralexp.spec.experiment import GROUPS, Experiment, How, Request


def refusal(lab: Path, *args: str) -> dict[str, str]:
    """Return the problems of a request by their keys."""
    with pytest.raises(ConfigError) as caught:
        parse(args, user_conf=lab)
    return {problem.key: problem.text for problem in caught.value.problems}


def jobs(request: Request) -> list[str]:
    return [" ".join(experiment.overrides) for experiment in request.experiments]


def test_without_arguments_there_is_one_job_of_the_defaults(lab: Path) -> None:
    request = parse([], user_conf=lab)

    assert not request.is_sweep
    assert request.how == How()
    assert request.machine.plugins == ("smalllab",)
    (experiment,) = request.experiments
    assert tuple(experiment.parts) == GROUPS
    assert experiment.seed == 42
    assert experiment["backbone"].options == {"width": 0.5, "weights": None}


def test_every_option_is_there_also_those_no_yaml_names(lab: Path) -> None:
    options = parse([], user_conf=lab).experiments[0]["training"].options

    assert options == {"epochs": 2, "learning_rate": 1e-3, "augment": False, "sides": None}


def test_the_last_swept_key_varies_fastest(lab: Path) -> None:
    request = parse(["quant=whole,unsigned", "head.dropout=0.1", "seed=range(1,3)"], user_conf=lab)

    assert request.is_sweep
    assert jobs(request) == [
        "quant=whole head.dropout=0.1 seed=1",
        "quant=whole head.dropout=0.1 seed=2",
        "quant=unsigned head.dropout=0.1 seed=1",
        "quant=unsigned head.dropout=0.1 seed=2",
    ]
    assert [experiment.seed for experiment in request.experiments] == [1, 2, 1, 2]


def test_hydras_ways_to_sweep_are_understood(lab: Path) -> None:
    for sweep, choices in [
        ("backbone=choice(halving,wide)", ["halving", "wide"]),
        ("backbone=glob(*e*,exclude=mobile*)", ["efficientnet_lite0", "wide"]),
        ("quant=sort(whole,unsigned)", ["unsigned", "whole"]),
    ]:
        found = [
            experiment[sweep.partition("=")[0]].choice
            for experiment in _without_missing_parts(sweep, lab)
        ]
        assert [name for name in found if name in choices] == choices


def _without_missing_parts(sweep: str, lab: Path) -> tuple[Experiment, ...]:
    return parse(["-m", sweep], user_conf=lab).experiments


def test_a_fractional_range_sweeps_numbers(lab: Path) -> None:
    request = parse(["head.dropout=range(0.1,0.4,0.1)"], user_conf=lab)

    assert [e["head"].options["dropout"] for e in request.experiments] == [0.1, 0.2, 0.3]


def test_two_equal_jobs_are_both_kept(lab: Path) -> None:
    assert len(parse(["seed=1,1"], user_conf=lab).experiments) == 2


@pytest.mark.parametrize("sign", ["", "+", "++"])
def test_signs_of_hydra_set_a_known_option(lab: Path, sign: str) -> None:
    request = parse([f"{sign}training.learning_rate=1"], user_conf=lab)

    rate = request.experiments[0]["training"].options["learning_rate"]
    assert (rate, type(rate)) == (1, float)


def test_a_removed_option_takes_the_default_of_the_function(lab: Path) -> None:
    request = parse(["backbone=wide", "~backbone.width"], user_conf=lab)

    assert request.experiments[0]["backbone"].options == {"width": 0.5, "weights": None}


def test_a_mapping_sets_several_options_of_the_chosen_part(lab: Path) -> None:
    request = parse(["backbone=wide", "backbone={width: 2, weights: a.h5}"], user_conf=lab)

    part = request.experiments[0]["backbone"]
    assert (part.choice, part.options) == ("wide", {"width": 2.0, "weights": "a.h5"})


def test_how_to_run_is_outside_the_experiment(lab: Path) -> None:
    plain = parse([], user_conf=lab)
    request = parse(
        ["store=some folder/s t", "again=true", "on_error=stop", "verbose=true", "threads=3"],
        user_conf=lab,
    )

    assert request.how == How(
        Path("some folder/s t"), again=True, on_error="stop", verbose=True, threads=3
    )
    assert request.experiments == plain.experiments
    assert request.experiments[0].overrides == ()


def test_every_problem_of_every_job_comes_at_once(lab: Path) -> None:
    problems = refusal(
        lab,
        "backbone.widht=3",
        "quant=qta",
        "bakbone=wide",
        "+typo=1",
        "training=open",
        "device.clock=mx",
        "seed=-1",
        "threads=0",
        "jobs=0",
        "dataset.limit=true",
        "dropout=0.1",
    )

    assert problems["backbone.widht"] == "unknown option, did you mean 'width'?"
    assert problems["quant"].startswith(
        "unknown choice 'qta', did you mean 'qat'? (expected one of:"
    )
    assert problems["bakbone"] == "unknown key, did you mean 'backbone'?"
    assert problems["typo"].startswith("unknown key, expected one of: dataset, backbone,")
    assert problems["training.epochs"] == "a value is needed: a whole number"
    assert problems["device.clock"] == "expected one of: std, max, got mx; did you mean 'max'?"
    assert problems["seed"] == "expected a whole number from 0 to 4294967295, got -1"
    assert problems["jobs"] == "expected at least 1, got 0"
    assert problems["threads"] == "expected at least 1, or null for every core, got 0"
    assert problems["dataset.limit"] == "expected a whole number or null, got true"
    assert problems["dropout"] == "unknown key, did you mean 'head.dropout'?"
    assert len(problems) == 11


def test_problems_stand_in_the_order_of_the_groups(lab: Path) -> None:
    problems = refusal(lab, "training.x=1", "backbone.x=1", "x=1", "seed=x", "dataset.x=1")

    assert list(problems) == ["x", "seed", "dataset.x", "backbone.x", "training.x"]


def test_a_problem_of_some_jobs_says_in_which(lab: Path) -> None:
    assert refusal(lab, "training=course,open", "seed=1,2") == {
        "training.epochs": "a value is needed: a whole number (where training=open)"
    }
    assert refusal(lab, "training=course,open", "training.epochs=1,???")["training.epochs"] == (
        "a value is needed: a whole number (where training.epochs=???)"
    )


def test_a_check_hears_every_job_and_its_problems_are_told(lab: Path) -> None:
    heard: list[tuple[int, tuple[str, ...]]] = []

    def check(experiment: Experiment, plugins: tuple[str, ...]) -> list[Problem]:
        heard.append((experiment.seed, plugins))
        return [Problem("dataset", "is odd")] if experiment.seed % 2 else []

    with pytest.raises(ConfigError, match=re.escape("dataset: is odd (where seed=1 or 3)")):
        parse(["seed=1,2,3"], check=check, user_conf=lab)

    assert heard == [(seed, ("smalllab",)) for seed in (1, 2, 3)]


@pytest.mark.parametrize(
    ("arg", "key", "text"),
    [
        ("backbone", "", "'backbone' is no setting; expected key=value"),
        ("quant=null", "quant", "a choice is needed; expected one of:"),
        ("~quant", "quant", "a choice is needed; expected one of:"),
        ("quant=[whole]", "quant", "takes one choice; to try several, write quant=a,b"),
        ("quant@x=whole", "quant", "cannot be put under another name"),
        (
            "dataset.path=a(b",
            "dataset.path",
            "to mean plain text, write 'dataset.path=\"a(b\"' with both kinds of quotes",
        ),
        ("head.dropout=interval(0,1)", "head.dropout", "write range() or choice()"),
        ("seed=range(0,3,0)", "seed", "cannot be read"),
        ("seed=range(3,3)", "seed", "gives no value"),
        ("seed=range(0,10000000)", "seed", "gives more than 10000 values"),
        ("~head.nothing", "head.nothing", "there is nothing to remove"),
        ("store=a,b", "store", "cannot be swept: it holds for the whole command"),
        ("hydra.run.dir=x", "hydra.run.dir", "no effect here; leave it out"),
        ("hydra/launcher=basic", "hydra/launcher", "no effect here; leave it out"),
        ("hydra.searchpath=[x]", "hydra.searchpath", "use --config-dir DIR"),
        ("--cofnig-dir=x", "--cofnig-dir", "did you mean '--config-dir'?"),
        ("--config-dir=nowhere", "--config-dir", "'nowhere' is no folder"),
        ("machine.plugin=[a]", "machine.plugin", "unknown option, did you mean 'plugins'?"),
        ("machine.plugins=[a/b]", "machine.plugins", "'a/b' is no name of a package"),
        ("backbone.width.x=1", "backbone.width", "expected a number, got {x: 1}"),
        ("backbone.weights='${seed}x'", "backbone.weights", "has no"),
        ("head.dropout=${nothing}", "head.dropout", "cannot be resolved"),
        ("backbone=7", "backbone", "unknown choice '7'"),
        ("store=", "store", "expected a folder"),
    ],
)
def test_what_cannot_be_is_refused_with_a_way_out(lab: Path, arg: str, key: str, text: str) -> None:
    if text == "has no":  # an interpolation that can be resolved is one
        assert parse([arg], user_conf=lab).experiments[0]["backbone"].options["weights"] == "42x"
        return
    assert text in refusal(lab, arg)[key]


def test_too_many_jobs_are_refused(lab: Path) -> None:
    problems = refusal(lab, "seed=range(0,1000)", "head.dropout=range(0,0.9,0.01)")

    assert problems == {"": "this asks for 90000 jobs; at most 10000 go at once"}


def test_interpolation_sees_the_command_line(lab: Path) -> None:
    request = parse(["backbone.width=0.25", "head.dropout=${backbone.width}"], user_conf=lab)

    assert request.experiments[0]["head"].options == {"dropout": 0.25}


@pytest.mark.parametrize(
    "name", ["a,b", "a b", "a (1)", "x=y", "[a]", "{a}", "it's", "a;b", "ü", "{a:1}", "choice(a,b)"]
)
def test_a_value_that_exists_on_disk_is_one_path(lab: Path, tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()

    for written in (name, str(tmp_path / name)):
        request = parse([f"dataset.path={written}"], user_conf=lab)

        assert not request.is_sweep
        (experiment,) = request.experiments
        assert experiment["dataset"].options["path"] == written
        again = parse(experiment.overrides, user_conf=lab).experiments
        assert again == (experiment,)


def test_paths_that_do_not_exist_together_are_a_sweep(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()

    request = parse(["dataset.path=a,b"], user_conf=lab)

    assert [e["dataset"].options["path"] for e in request.experiments] == ["a", "b"]


def test_a_folder_may_be_called_as_a_number(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "100").mkdir()

    request = parse(["dataset.path=2024", "dataset.limit=100"], user_conf=lab)

    options = request.experiments[0]["dataset"].options
    assert (options["path"], options["limit"]) == ("2024", 100)


def test_an_experiment_sets_what_differs(lab: Path) -> None:
    (experiment,) = parse(["experiment=wide_course"], user_conf=lab).experiments

    assert experiment["backbone"].choice == "wide"
    assert experiment["training"].options["epochs"] == 7
    assert experiment.overrides == ("experiment=wide_course",)


def test_the_command_line_wins_over_an_experiment(lab: Path) -> None:
    args = ["experiment=wide_course", "backbone=halving", "training.epochs=1"]
    (experiment,) = parse(args, user_conf=lab).experiments

    assert experiment["backbone"].choice == "halving"
    assert experiment["training"].options["epochs"] == 1


def test_a_sweep_over_experiments_keeps_the_sweep_of_each(lab: Path) -> None:
    request = parse(
        ["experiment=both_quants,wide_course", "quant.calibration_images=4"], user_conf=lab
    )

    found = [(e["quant"].choice, e["training"].options["epochs"]) for e in request.experiments]
    assert request.is_sweep
    assert found == [("whole", 1), ("whole", 2), ("unsigned", 1), ("unsigned", 2), ("whole", 7)]
    assert all(e["quant"].options["calibration_images"] == 4 for e in request.experiments)


def test_the_command_line_wins_over_the_sweep_of_an_experiment(lab: Path) -> None:
    request = parse(["experiment=both_quants", "quant=unsigned"], user_conf=lab)

    assert [e["training"].options["epochs"] for e in request.experiments] == [1, 2]
    assert {e["quant"].choice for e in request.experiments} == {"unsigned"}


def test_an_unknown_experiment_is_refused(lab: Path) -> None:
    assert "did you mean 'wide_course'?" in refusal(lab, "experiment=wide_cuorse")["experiment"]


def test_a_yaml_in_the_users_folder_adds_a_choice_and_replaces_one(
    lab: Path, tmp_path: Path
) -> None:
    own = tmp_path / "conf" / "backbone"
    own.mkdir(parents=True)
    (own / "tiny.yaml").write_text("_target_: smalllab.parts.halving\nwidth: 0.1\n")
    (own / "wide.yaml").write_text("_target_: smalllab.parts.halving\nwidth: 9\n")

    request = parse([f"--config-dir={own.parent}", "backbone=tiny,wide,halving"], user_conf=lab)

    widths = [experiment["backbone"].options["width"] for experiment in request.experiments]
    assert widths == [0.1, 9.0, 0.5]


def test_the_folder_conf_where_one_works_is_searched_first(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "conf" / "head").mkdir(parents=True)
    (tmp_path / "conf" / "head" / "own.yaml").write_text("_target_: smalllab.parts.flat\n")
    (tmp_path / "conf" / "config.yaml").write_text((lab / "config.yaml").read_text())

    request = parse(["head=own", f"--config-dir={lab}"])

    assert request.experiments[0]["head"].choice == "own"


def test_a_defaults_list_without_a_group_is_told_with_its_file(lab: Path, tmp_path: Path) -> None:
    (tmp_path / "conf").mkdir()
    path = tmp_path / "conf" / "config.yaml"  # such as another project's
    path.write_text("defaults: [{dataset: blocks}, _self_]\nseed: 1\nlr: 0.1\n")

    with pytest.raises(ConfigError) as caught:
        parse([f"--config-dir={path.parent}", "machine.plugins=[smalllab]"], user_conf=lab)

    problems = {problem.key: problem.text for problem in caught.value.problems}
    assert list(problems) == ["lr", "backbone", "head", "quant", "device", "training"]
    assert f"(the defaults in {path} have none)" in problems["backbone"]


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("_target_: smalllab.parts.halving\nwidht: 1\n", "backbone.widht: unknown option, did you"),
        (
            "_target_: smalllab.parts.halving\nwidth: one\n",
            "backbone.width: expected a number, got one",
        ),
        ("_target_: [a\n", "broken.yaml, line 2, column 1"),
        ("width: 1\n", "backbone._target_: expected the dotted path"),
        ("- 1\n", "backbone: expected a choice, or options"),
        ("defaults:\n  - /nothing: x\n", "the YAML files do not fit together"),
        ("_target_: os.system\n", "'os.system' is not a public function of coralexp.backbones"),
    ],
)
def test_a_wrong_yaml_is_told_with_its_place(
    lab: Path, tmp_path: Path, content: str, text: str
) -> None:
    path = tmp_path / "more" / "backbone" / "broken.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(content)

    with pytest.raises(ConfigError) as caught:
        parse(["backbone=broken", "seed=1,2", f"--config-dir={tmp_path / 'more'}"], user_conf=lab)

    assert len(caught.value.problems) == 1
    assert text in str(caught.value)


def test_hydra_may_be_in_use_already(lab: Path) -> None:
    from hydra import initialize_config_dir
    from hydra.core.global_hydra import GlobalHydra

    with initialize_config_dir(str(lab), version_base="1.3"):
        before = GlobalHydra.instance().hydra
        parse([], user_conf=lab)
        assert GlobalHydra.instance().hydra is before
    assert not GlobalHydra.instance().is_initialized()
