"""What an older version stored still runs, and means what it meant."""

from __future__ import annotations

import pytest

from coralexp.errors import ConfigError
from coralexp.spec.compose import parse
from coralexp.spec.migrations import SCHEMA, migrate
from coralexp.spec.stored import read_text

# As `config.yaml` of a run of 24 November 2026 has it, before a link was described by five numbers.
OLD = """\
schema: 1
seed: 7
dataset:
  choice: digits
  target: coralexp.datasets.digits.read
  options:
    side_px: 32
    channels: 1
    limit: 300
backbone:
  choice: convnet
  target: coralexp.backbones.convnet.build
  options: {}
head:
  choice: linear
  target: coralexp.heads.linear.attach
  options:
    dropout: 0.2
quant:
  choice: ptq
  target: coralexp.quant.ptq.plan
  options:
    calibration_images: 200
    io: uint8
device:
  choice: usb
  target: coralexp.devices.edge_tpu.plan
  options:
    fixed_ms: 0.56
    input_mb_per_s: 163.0
    stream_mb_per_s: 441.0
    throttles: true
    host: desktop
    clock: std
training:
  choice: smoke
  target: coralexp.training.recipe.plan
  options:
    epochs: 1
    batch_size: 32
"""


def refusal(text: str, *overrides: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read_text(text, overrides)
    return str(caught.value)


def test_a_configuration_of_the_first_schema_runs_with_the_constants_of_the_second() -> None:
    experiment = read_text(OLD)

    assert experiment.seed == 7
    link = dict(experiment["device"].options)
    assert link["clock"] == "std"
    names = ("fixed_ms", "input_mb_per_s", "output_mb_per_s", "stream_mb_per_s", "spread")
    now = parse(["device=usb"]).experiments[0]["device"].options
    assert [link[name] for name in names] == [now[name] for name in names]
    assert link["num_segments"] == 1  # which the function has got since


def test_what_needs_no_translation_is_left_alone() -> None:
    (experiment,) = parse(["device=cpu"]).experiments
    text = OLD[: OLD.index("device:")] + OLD[OLD.index("training:") :]
    cpu = "device:\n  choice: cpu\n  target: coralexp.devices.cpu.plan\n  options: {}\n"

    assert read_text(text + cpu)["device"] == experiment["device"]


def test_a_link_that_was_changed_by_hand_is_told_with_a_way_out() -> None:
    text = OLD.replace("input_mb_per_s: 163.0", "input_mb_per_s: 100.0")

    assert "device: its link was described for the first model of latency" in refusal(text)
    assert (
        read_text(text, ["device=usb"])["device"].options["input_mb_per_s"]
        == parse(["device=usb"]).experiments[0]["device"].options["input_mb_per_s"]
    )


def test_an_option_that_was_removed_is_named() -> None:
    text = OLD.replace("    dropout: 0.2", "    dropout: 0.2\n    sparsity: 0.5")

    assert "head.sparsity: unknown option" in refusal(text)


def test_a_later_schema_asks_for_an_update() -> None:
    with pytest.raises(ConfigError, match="got a later one: update coralexp"):
        migrate({"schema": SCHEMA + 1})


def test_what_is_given_is_not_changed() -> None:
    given = {"schema": 1, "device": {"choice": "cpu", "target": "x", "options": {}}}

    assert migrate(given)["schema"] == SCHEMA
    assert given["schema"] == 1
