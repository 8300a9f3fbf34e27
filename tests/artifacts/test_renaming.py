"""Entries of an older schema of keys are found under the names of today, and not made again."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from small_store import entry, run

from coralexp.artifacts import renaming
from coralexp.artifacts.entries import entries
from coralexp.artifacts.key_schema import KEY_SCHEMA, migrate, new_names, schema_of
from coralexp.artifacts.renaming import rename_old_entries
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.seals import is_sealed
from coralexp.artifacts.store import Store, key_of

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.key_schema import Ingredients


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def old_store(store: Store) -> tuple[str, str]:
    """Make two entries without a number, one from the other, and a run that used both."""
    data = entry(store, "dataset", schema=0, seed=1)
    train = entry(store, "train", schema=0, after={"dataset": data})
    run(store, dataset=data, train=train)
    return data, train


def rename(store: Store, *steps: object) -> list[str]:
    notes: list[str] = []
    rename_old_entries(store, notes.append, *([steps] if steps else []))  # type: ignore[arg-type]
    return notes


def test_old_entries_get_the_names_of_today_and_runs_follow(store: Store) -> None:
    data, train = old_store(store)

    notes = rename(store)

    assert notes == ["store: 2 entries of an older version got the names of this one"]
    now = {e.stage: e for e in entries(store)}
    assert [schema_of(e.ingredients) for e in now.values()] == [KEY_SCHEMA, KEY_SCHEMA]
    assert {e.key for e in now.values()}.isdisjoint({data, train})
    assert now["train"].after == {"dataset": now["dataset"].key}
    (record,) = store.runs
    assert {stage: made.key for stage, made in record.stages.items()} == {
        e.stage: e.key for e in now.values()
    }
    for e in now.values():
        assert store.damage(e.stage, e.key) == []
        assert is_sealed(store.root, e.stage, e.key)  # its files need not be read again
    assert rename(store) == []


def test_a_store_of_today_is_left_as_it_is(store: Store) -> None:
    key = entry(store, "train")

    assert rename(store) == []
    assert [e.key for e in entries(store)] == [key]
    assert json.loads((store.root / "keys.json").read_text()) == {"schema": KEY_SCHEMA}


def test_a_store_that_is_not_there_is_not_made(store: Store) -> None:
    assert rename(store) == []
    assert not store.root.exists()


def test_nothing_is_renamed_while_a_run_works(store: Store) -> None:
    data, _ = old_store(store)
    working = new_record("run")  # of this very process
    store.runs.save(working)

    (note,) = rename(store)

    assert f"while run {working.id} works" in note
    assert store.damage("dataset", data) == []
    working.state = "FINISHED"
    store.runs.save(working)
    assert "got the names" in rename(store)[0]


@pytest.mark.parametrize("moment", ["_write", "put_in_place", "unseal", "seal", "_follow"])
def test_a_process_that_is_killed_in_the_middle_leaves_what_the_next_one_needs(
    store: Store, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    old_store(store)
    whole = renaming.__dict__[moment]

    def die(*args: object) -> None:
        whole(*args)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(renaming, moment, die)
        with pytest.raises(KeyboardInterrupt):
            rename(store)
    rename(store)

    now = entries(store)
    assert [e.stage for e in now] == ["dataset", "train"]
    assert all(store.damage(e.stage, e.key) == [] for e in now)
    assert now[1].after == {"dataset": now[0].key}
    assert [made.key for made in next(iter(store.runs)).stages.values()] == [e.key for e in now]


def test_a_damaged_entry_keeps_its_name_and_its_damage(store: Store) -> None:
    data, train = old_store(store)
    (store.path("dataset", data) / "ingredients.json").write_text("{}")
    (store.path("train", train) / "model.h5").write_text("flipped")

    rename(store)

    found = {e.stage: e for e in entries(store)}
    assert found["dataset"].key == data
    assert found["train"].key != train
    assert store.damage("train", found["train"].key) == ["model.h5"]


def test_steps_follow_one_another_and_one_may_have_no_translation(store: Store) -> None:
    def spell_out(ingredients: Ingredients) -> Ingredients | None:
        if "seed" not in ingredients:
            return None
        return {k: v for k, v in ingredients.items() if k != "seed"} | {
            "start": ingredients["seed"]
        }

    steps = (lambda old: old, spell_out)
    old = {"stage": "dataset", "seed": 3}
    now = {"stage": "dataset", "start": 3, "schema": 2}
    follower = {"stage": "train", "seed": 3, "after": {"dataset": key_of(old)}}

    assert migrate(old, {}, steps) == now
    assert migrate({"stage": "train"}, {}, steps) is None
    assert migrate({**now, "schema": 9}, {}, steps) is None
    assert new_names([(key_of(old), old), (key_of(follower), follower)], steps) == {
        key_of(old): now,
        key_of(follower): {
            "stage": "train",
            "start": 3,
            "after": {"dataset": key_of(now)},
            "schema": 2,
        },
    }


def test_a_store_of_a_later_version_is_left_alone(store: Store) -> None:
    old_store(store)
    (store.root / "keys.json").write_text('{"schema": 99}')

    assert rename(store) == []
    assert json.loads((store.root / "keys.json").read_text()) == {"schema": 99}
