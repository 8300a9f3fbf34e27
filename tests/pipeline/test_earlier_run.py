"""`backbone.weights=run:RUN_ID`: found in the store, refused where it cannot fit."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.record import StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store
from coralexp.errors import ConfigError
from coralexp.pipeline.check import problems
from coralexp.pipeline.earlier_run import with_earlier_runs, with_file
from coralexp.pipeline.tasks import Planner
from coralexp.spec.compose import parse
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from pathlib import Path

JOB = ["dataset=digits", "backbone=convnet", "backbone.filters=[4,8]", "device=cpu"]


def stored(store: Store, line: list[str], content: bytes = b"weights"):
    """Return the record of a run that trained."""
    (experiment,) = parse(line, check=problems).experiments
    record = new_record("run")
    record.config = to_dict(experiment)
    entry = store.make("train", {"of": content.decode()}, lambda folder: _write(folder, content))
    record.stages["train"] = StageRecord(key=entry.name, seconds=1.0, reused=False, made_in_s=1.0)
    record.state = "FINISHED"
    store.runs.save(record)
    return record


def _write(folder: Path, content: bytes) -> None:
    (folder / "model.h5").write_bytes(content)


def asked(*overrides: str):
    return parse([*JOB, *overrides], check=problems)


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_the_id_is_kept_in_full_and_the_stage_gets_the_path(store: Store) -> None:
    record = stored(store, JOB)
    request = with_earlier_runs(asked(f"backbone.weights=run:{record.id[:18]}"), store)

    (experiment,) = request.experiments
    assert experiment["backbone"].options["weights"] == f"run:{record.id}"
    file = with_file(experiment, request.weights)["backbone"].options["weights"]
    assert str(file).endswith(f"train/{record.stages['train'].key}/model.h5")
    assert with_earlier_runs(asked(), store).weights == {}


def test_keys_follow_what_is_in_the_file(store: Store) -> None:
    first = stored(store, JOB)
    request = with_earlier_runs(asked(f"backbone.weights=run:{first.id}"), store)
    other = stored(store, JOB, b"others")
    changed = {first.id: store.path("train", other.stages["train"].key) / "model.h5"}

    keys = [
        {task.stage: task.key for task in Planner(1, request.machine, files)(e)}
        for files in (request.weights, changed)
        for e in request.experiments
    ]

    assert keys[0]["dataset"] == keys[1]["dataset"]
    assert keys[0]["train"] != keys[1]["train"]


def test_another_network_is_refused_with_what_differs(store: Store) -> None:
    record = stored(store, JOB)
    weights = f"backbone.weights=run:{record.id}"

    with pytest.raises(ConfigError, match=r"has backbone\.filters=\[4, 8\], here it is \[4\]"):
        with_earlier_runs(asked(weights, "backbone.filters=[4]"), store)
    with pytest.raises(ConfigError, match="has the backbone convnet: write backbone=convnet"):
        with_earlier_runs(
            parse(["backbone=mobilenetv2", "dataset=glyphs", weights], check=problems), store
        )


def test_what_is_not_there_is_named(store: Store) -> None:
    record = stored(store, JOB)

    with pytest.raises(ConfigError, match=r"backbone\.weights: run 'nowhere': not in"):
        with_earlier_runs(asked("backbone.weights=run:nowhere"), store)
    (store.path("train", record.stages["train"].key) / "model.h5").unlink()
    with pytest.raises(ConfigError, match=r"`coralexp reproduce .*` makes them again"):
        with_earlier_runs(asked(f"backbone.weights=run:{record.id}"), store)
    untrained = dataclasses.replace(new_record("run"), config=record.config)
    store.runs.save(untrained)
    with pytest.raises(ConfigError, match="has not trained"):
        with_earlier_runs(asked(f"backbone.weights=run:{untrained.id}"), store)


def test_every_job_of_a_sweep_is_looked_at(store: Store) -> None:
    with pytest.raises(ConfigError) as caught:
        with_earlier_runs(asked("backbone.weights=run:one,run:two"), store)

    assert len(caught.value.problems) == 2
