"""Entries are found, told from what is none, and connected with the runs that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small_store import entry, run

from coralexp.artifacts.entries import Entry, entries, find_entry, stages
from coralexp.artifacts.leftovers import leftovers
from coralexp.artifacts.store import RECORD, Store
from coralexp.artifacts.uses import read_uses
from coralexp.errors import UnknownEntryError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def test_entries_come_in_the_order_of_the_work_and_nothing_else_does(store: Store) -> None:
    train = entry(store, "train", seed=1)
    older = entry(store, "train", seed=2, age_s=60)
    data = entry(store, "dataset")
    own = entry(store, "distil")
    run(store, train=train)
    (store.root / "logs").mkdir()
    (store.root / "train" / f".{train}.resume").write_text("")
    (store.root / "train" / f".{train}.host-1.abc").mkdir()
    (store.root / "train" / "notes").mkdir()
    (store.root / "reproduced" / "made-1" / "train" / train).mkdir(parents=True)

    assert stages(store) == ["dataset", "train", "distil"]
    assert [e.key for e in entries(store)] == [data, train, older, own]


def test_an_entry_tells_its_size_and_where_it_comes_from(store: Store) -> None:
    data = entry(store, "dataset")
    entry(store, "train", after={"dataset": data}, content="x" * 5000, age_s=100)

    found = entries(store)[1]

    assert found.after == {"dataset": data}
    assert 5000 < found.size_bytes < 7000
    assert 100 <= found.age_s() < 110
    assert found.age_s(found.made - 50) == 0  # a clock that was set back
    assert found.record is not None


def test_an_entry_without_a_record_is_still_one(store: Store) -> None:
    key = entry(store, "train")
    (store.path("train", key) / RECORD).unlink()

    assert [(e.key, e.record) for e in entries(store)] == [(key, None)]


def made_up(stage: str, key: str, store: Store) -> Entry:
    return Entry(stage, key, store.path(stage, key), 0, 0.0)


def test_a_key_may_be_shortened_as_long_as_one_entry_begins_so(store: Store) -> None:
    known = [
        made_up("train", "a1" * 10, store),
        made_up("train", "a2" * 10, store),
        made_up("qat", "a1b" + "0" * 17, store),
    ]

    assert find_entry(known, "a2").key == "a2" * 10
    assert find_entry(known, "A2").key == "a2" * 10
    assert find_entry(known, "train/a1").key == "a1" * 10
    assert find_entry(known, f".coralexp/qat/{known[2].key}/").stage == "qat"
    with pytest.raises(UnknownEntryError, match=r"3 entries begin so; write more of it:\n  train/"):
        find_entry(known, "a")
    with pytest.raises(UnknownEntryError, match="'b': no entry of the store begins so"):
        find_entry(known, "b")
    with pytest.raises(UnknownEntryError, match="no entry of the store begins so"):
        find_entry(known, "")


def test_the_runs_that_use_an_entry_are_known_also_from_records_that_cannot_be_read(
    store: Store,
) -> None:
    first, second, third = (entry(store, "train", seed=n) for n in range(3))
    record = run(store, train=first)
    later = store.runs.folder / "20990101-000000-000000.json"
    later.write_text('{"schema": 99, "stages": {"train": {"key": "' + second + '"}}}')

    uses = read_uses(store.runs)

    assert [r.id for r in uses.of(first)] == [record.id]
    assert [uses.refers_to(key) for key in (first, second, third)] == [True, True, False]
    assert uses.unreadable == [later]
    assert uses.closed == []


def test_what_lies_beside_the_entries_is_told_apart(store: Store) -> None:
    done, undone = entry(store, "train"), "0" * 20
    folder = store.root / "train"
    (folder / f".{done}.resume").write_text("state")
    (folder / f".{undone}.resume").write_text("state")
    (folder / f".{undone}.elsewhere-1.abc").mkdir()
    (store.root / "logs").mkdir()
    (store.root / "logs" / "tmpstage.log").write_text("what TensorFlow said")
    killed = store.root / "reproduced" / "made-1"
    (killed / "runs").mkdir(parents=True)
    entry(Store(store.root / "reproduced" / "made-2"), "train")

    found = {one.path.relative_to(store.root).as_posix(): one for one in leftovers(store)}

    assert {name: one.kind for name, one in found.items()} == {
        f"train/.{done}.resume": "checkpoint",
        f"train/.{undone}.resume": "checkpoint",
        f"train/.{undone}.elsewhere-1.abc": "draft",
        "reproduced/made-1": "killed reproduction",
        "reproduced/made-2": "kept reproduction",
        "logs/tmpstage.log": "log",
    }
    assert [name for name, one in found.items() if one.is_over] == [f"train/.{done}.resume"]
    assert found["logs/tmpstage.log"].size_bytes == 20
