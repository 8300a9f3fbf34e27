"""A damaged entry is made again by a run that refers to it, or it is said why not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from small_store import entry, run

from coralexp.artifacts.entries import entries
from coralexp.artifacts.locks import held
from coralexp.artifacts.store import RECORD, Store
from coralexp.artifacts.uses import read_uses
from coralexp.artifacts.verification import verify
from coralexp.pipeline.planner import Planner
from coralexp.pipeline.process import Workers
from coralexp.pipeline.repair import Mended, Repair
from coralexp.pipeline.supply import Supply
from coralexp.spec.compose import parse
from coralexp.spec.experiment import Machine
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def a_run_that_made_its_data(store: Store, folder: Path, threads: int = 3) -> RunRecord:
    """Have the data of a job made, as a run that was killed behind that would."""
    images = np.random.default_rng(0).integers(0, 256, (60, 8, 8), dtype=np.uint8)
    np.savez(folder / "data.npz", x=images, y=np.arange(60) % 3)
    experiment = parse(["dataset=npz", f"dataset.path={folder / 'data.npz'}"]).experiments[0]
    task = Planner(threads)(experiment)[0]
    with Workers(store.root / "logs") as workers:
        supply = Supply(store, workers, threads, Machine(), again=False, note=print)
        supply.provide(task, experiment, {}, lambda: None, lambda step: None, lambda: False)
    record = run(store, dataset=task.key)
    record.config, record.state = to_dict(experiment), "KILLED"
    store.runs.save(record)
    return record


def repaired(store: Store, notes: list[str] | None = None) -> list[Mended]:
    damaged = [one for one in verify(store, entries(store)) if one.damage]
    note = (notes if notes is not None else []).append
    return list(Repair(store, read_uses(store.runs), Machine(), note)(damaged))


@pytest.mark.slow
def test_a_flipped_byte_and_a_lost_record_are_made_good(store: Store, tmp_path: Path) -> None:
    record = a_run_that_made_its_data(store, tmp_path)
    key = record.stages["dataset"].key
    before = store.record("dataset", key)
    assert before is not None
    file = store.path("dataset", key) / min(before.digests)
    file.write_bytes(b"flipped")
    notes: list[str] = []

    (mended,) = repaired(store, notes)

    assert (mended.outcome, mended.why) == ("made again", "with the same bits")
    assert "is damaged" in notes[0]
    assert store.damage("dataset", key) == []
    assert repaired(store) == []

    (store.path("dataset", key) / RECORD).write_text("{")
    (mended,) = repaired(store)
    assert (mended.outcome, mended.why) == ("made again", "whether to the same bits is not known")
    after = store.record("dataset", key)
    assert after is not None
    assert after.digests == before.digests


@pytest.mark.slow
def test_what_would_be_another_entry_today_is_left_and_the_difference_told(
    store: Store, tmp_path: Path
) -> None:
    record = a_run_that_made_its_data(store, tmp_path)
    key = record.stages["dataset"].key
    np.savez(tmp_path / "data.npz", x=np.zeros((6, 8, 8), np.uint8), y=np.arange(6) % 3)
    (store.path("dataset", key) / "extra").write_text("")

    (mended,) = repaired(store)

    assert mended.outcome == "left as it is"
    assert [change.name for change in mended.changes] == ["content"]
    assert store.path("dataset", key).is_dir()


def test_a_damaged_entry_that_no_run_explains_is_taken_away_and_no_other(store: Store) -> None:
    damaged, whole = entry(store, "train", seed=1), entry(store, "train", seed=2)
    (store.path("train", damaged) / "model.h5").write_text("flipped")

    (mended,) = repaired(store)

    assert (mended.entry.key, mended.outcome) == (damaged, "taken away")
    assert [e.key for e in entries(store)] == [whole]


def test_a_run_that_cannot_be_understood_leaves_the_entry(store: Store) -> None:
    key = entry(store, "train")
    record = run(store, train=key)
    (store.path("train", key) / "model.h5").write_text("flipped")

    (mended,) = repaired(store)

    assert mended.outcome == "left as it is"
    assert mended.why.startswith(f"run {record.id} cannot make it again: configuration has ")
    assert store.path("train", key).is_dir()


def test_a_record_that_cannot_be_read_keeps_what_it_mentions(store: Store) -> None:
    key = entry(store, "train")
    (store.path("train", key) / "model.h5").write_text("flipped")
    store.runs.folder.mkdir()
    (store.runs.folder / "later.json").write_text(f'{{"schema": 99, "key": "{key}"}}')

    (mended,) = repaired(store)

    assert (mended.outcome, mended.why) == (
        "left as it is",
        "a run record that cannot be read may refer to it",
    )


def test_what_another_process_works_on_is_left(store: Store) -> None:
    key = entry(store, "train")
    (store.path("train", key) / "model.h5").write_text("flipped")

    with held(store.lock("train", key), lambda holder: None):
        (mended,) = repaired(store)

    assert (mended.outcome, mended.why) == ("left as it is", "another process works on it")
