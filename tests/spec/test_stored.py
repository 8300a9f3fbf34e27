"""The stored configuration: complete, and read with suspicion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.errors import ConfigError
from coralexp.spec.compose import parse
from coralexp.spec.experiment import GROUPS, Experiment
from coralexp.spec.migrations import SCHEMA
from coralexp.spec.stored import from_dict, read_file, read_text, to_dict, to_yaml

if TYPE_CHECKING:
    from pathlib import Path

PLUGINS = ("smalllab",)


@pytest.fixture
def experiment(lab: Path) -> Experiment:
    args = ["training.sides=[1,2]", "training.learning_rate=1e-5", "dataset.path='null'"]
    return parse(args, user_conf=lab).experiments[0]


def refusal(text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(text, overrides, PLUGINS)
    return str(caught.value)


def test_it_holds_schema_seed_and_every_option_of_every_group(experiment: Experiment) -> None:
    stored = to_dict(experiment)

    assert list(stored) == ["schema", "seed", *GROUPS]
    assert stored["schema"] == SCHEMA
    assert stored["training"] == {
        "choice": "course",
        "target": "smalllab.parts.course",
        "options": {"epochs": 2, "learning_rate": 1e-5, "augment": False, "sides": [1, 2]},
    }


def test_what_is_written_is_what_is_read(experiment: Experiment, tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(to_yaml(experiment))

    assert read_file(path, plugins=PLUGINS) == experiment
    assert read_text(to_yaml(experiment), plugins=PLUGINS) == experiment
    assert from_dict(to_dict(experiment), plugins=PLUGINS) == experiment


def test_the_real_defaults_survive_the_round_trip(tmp_path: Path) -> None:
    (experiment,) = parse([]).experiments

    assert read_text(to_yaml(experiment)) == experiment


def test_an_option_that_was_added_since_takes_its_default(experiment: Experiment) -> None:
    text = to_yaml(experiment).replace("    augment: false\n", "")

    assert read_text(text, plugins=PLUGINS) == experiment


def test_values_can_be_changed(experiment: Experiment) -> None:
    overrides = ["seed=7", "dataset.limit=100", "~training.sides", "head={dropout: 0.5}"]
    changed = read_text(to_yaml(experiment), overrides, PLUGINS)

    assert changed.seed == 7
    assert changed["dataset"].options["limit"] == 100
    assert changed["training"].options["sides"] is None
    assert changed["head"].options == {"dropout": 0.5}
    assert changed.overrides[:2] == ("seed=7", "dataset.limit=100")
    assert changed["backbone"] == experiment["backbone"]


def test_another_choice_comes_from_the_yaml_files(experiment: Experiment, lab: Path) -> None:
    overrides = ["quant=unsigned", "quant.calibration_images=3", f"--config-dir={lab}"]
    changed = read_text(to_yaml(experiment), overrides, PLUGINS)

    assert changed["quant"].choice == "unsigned"
    assert changed["quant"].options == {"calibration_images": 3, "ends": "uint8"}
    assert changed["training"] == experiment["training"]


def test_wrong_changes_are_told_together(experiment: Experiment) -> None:
    text = refusal(to_yaml(experiment), "seed=1,2", "store=x", "quant=qta", "training.epohcs=1")

    assert "seed: one stored run is one job; it cannot be swept" in text
    assert "store: unknown key" in text
    assert "quant: unknown choice 'qta', did you mean 'qat'?" in text
    assert "training.epohcs: unknown option, did you mean 'epochs'?" in text


def test_a_plugin_is_not_taken_from_the_file(experiment: Experiment) -> None:
    with pytest.raises(ConfigError, match="machine: has no place in a stored configuration"):
        read_text(to_yaml(experiment) + "machine: {plugins: [smalllab]}\n")
    with pytest.raises(ConfigError, match=r"'smalllab\.parts\.blocks' is not a public function"):
        read_text(to_yaml(experiment))


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("schema: 2", "schema: 3", "schema: expected a whole number from 1 to 2, got a later one"),
        ("schema: 2\n", "", "schema: expected a whole number from 1 to 2, got none"),
        ("schema: 2", "schema: true", "schema: expected a whole number from 1 to 2"),
        ("schema: 2", "schema: 0", "schema: expected a whole number from 1 to 2"),
        ("schema: 2", f"schema: 0x{'f' * 30}", "got a later one"),
        ("seed: 42", "seed: true", "seed: expected a whole number, got true"),
        ("seed: 42", "seed: 42\nstore: /x", "store: has no place in a stored configuration"),
        ("seed: 42", "seed: 42\nhydra: {}", "hydra: has no place in a stored configuration"),
        (
            "seed: 42",
            "seed: 42\nhydra: {callbacks: {a: {_target_: joblib.load, filename: a.pkl}}}",
            "hydra: has no place in a stored configuration",
        ),
        ("choice: board", "chioce: board", "device: expected exactly choice, target, options"),
        ("choice: board", "choice: 3", "device: expected the name of a choice"),
        ("choice: board", "choice: board\n  more: 1", "device: expected exactly"),
        ("smalllab.parts.board", "os.system", "'os.system' is not a public function"),
        ("smalllab.parts.board", "coralexp.quant.ptq.plan", "is not a public function"),
        ("clock: std", "clock: mox", "device.clock: expected one of: std, max, got mox"),
        ("clock: std", "clokc: std", "device.clokc: unknown option, did you mean 'clock'?"),
        ("clock: std", "_target_: os.system", "device: expected the name of a choice"),
        ("clock: std", "clock: ${seed}", "holds '${'"),
        ("clock: std", "clock: &a std", "has aliases"),
        ("clock: std", "clock: !!python/name:os.system", "has a tag"),
        ("clock: std", "clock: std\n    clock: max", "'clock' cannot be a key here"),
        ("clock: std", "clock: [", "is no plain YAML"),
        ("clock: std", "? [a]\n    : 1", "a collection cannot be a key here"),
        ("clock: std", f"clock: {'[' * 30}{']' * 30}", "is nested too deeply"),
        ("clock: std", f"clock: {'x' * 1_000_000}", "is larger than 200 kB"),
        ("clock: std", f"clock: {'9' * 5000}", "device.clock: expected one of: std, max"),
        ("seed: 42", f"seed: 0x{'f' * 5000}", "seed: expected a whole number, got"),
        ("seed: 42", f"seed: {'9' * 40}", "seed: expected a whole number from 0 to 4294967295"),
        ("seed: 42", f"seed: 1{':59' * 5000}", "seed: expected a whole number, got"),
        ("seed: 42", "seed: 42\nseed: 43", "'seed' cannot be a key here"),
        ("seed: 42", "seed: 42\n<<: {a: 1}", "<<: has no place in a stored configuration"),
        ("clock: std", "clock: a\x00b", "is no plain YAML"),
        ("clock: std", 'clock: "a\\0b"', "holds control characters"),
        ("clock: std", 'clock: "\\e]0;title\\a"', "holds control characters"),
        ("choice: board", "choice: ../../etc/passwd", "device.choice: is no name of a choice"),
        ("choice: board", "choice: .hidden", "device.choice: is no name of a choice"),
        ("clock: std", "clock: ${oc.env:HOME}", "holds '${'"),
    ],
)
def test_anything_else_is_refused(experiment: Experiment, old: str, new: str, text: str) -> None:
    written = to_yaml(experiment)
    assert old in written

    assert text in refusal(written.replace(old, new, 1))


@pytest.mark.parametrize("text", ["", "- 1", "3", "a: b: c"])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(ConfigError, match=r"stored configuration (holds no|is no plain)"):
        read_text(text)


def test_numbers_are_read_as_hydra_reads_them(experiment: Experiment) -> None:
    text = to_yaml(experiment).replace("learning_rate: 1.0e-05", "learning_rate: 1e-5")

    assert read_text(text, plugins=PLUGINS) == experiment


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(ConfigError, match=r"nothing\.yaml cannot be read"):
        read_file(tmp_path / "nothing.yaml")
    with pytest.raises(ConfigError, match="is no text in UTF-8"):
        read_file(tmp_path / "bytes.yaml")
