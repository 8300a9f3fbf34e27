"""Jobs of a store never build on what came from elsewhere, and are not answered by it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from stored_run import GROUPS, STAGES, stored_run

from coralexp.artifacts.archive.pack import pack
from coralexp.artifacts.archive.unpack import take
from coralexp.artifacts.store import Store
from coralexp.pipeline.finished import Finished
from coralexp.pipeline.process import Workers
from coralexp.pipeline.supply import Supply
from coralexp.pipeline.tasks import Task
from coralexp.spec.experiment import Machine

if TYPE_CHECKING:
    from pathlib import Path

TASK = Task("train", {"stage": "train", "seed": 1}, needs_tensorflow=True)


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    store = Store(tmp_path / "theirs")
    pack([stored_run(store, seed=1)], store, tmp_path / "07.zip", {})
    return tmp_path / "07.zip"


def supplied(store: Store, told: list[str]) -> Supply:
    return Supply(store, Workers(store.root / "logs"), 1, Machine(), again=False, note=told.append)


def test_an_imported_artifact_is_made_anew_and_that_is_said(archive: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "ours")
    take(archive, store, stages=STAGES, groups=GROUPS)
    told: list[str] = []
    supply = supplied(store, told)

    assert store.is_whole("train", TASK.key)
    assert not supply.has(TASK)
    assert not supply.find(TASK)
    assert supply.is_expected(TASK)
    assert told == [f"store: train/{TASK.key} came with 07.zip; it is made anew here"]

    store.make("train", TASK.ingredients, lambda folder: None)
    assert supply.has(TASK)


def test_a_trusted_artifact_is_taken_as_our_own(archive: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "ours")
    take(archive, store, stages=STAGES, groups=GROUPS, trust=True)
    told: list[str] = []

    assert supplied(store, told).find(TASK)
    assert told == []


def test_an_imported_run_answers_no_job(archive: Path, tmp_path: Path) -> None:
    store = Store(tmp_path / "ours")
    take(archive, store, stages=STAGES, groups=GROUPS, trust=True)

    assert len(list(store.runs)) == 1
    assert Finished.read(store.runs).runs == {}
    assert len(Finished.read(Store(tmp_path / "theirs").runs).runs) == 1
