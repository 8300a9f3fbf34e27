"""Pruning removes what is old and what nobody wants, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
from small_store import DAY_S, entry, grow_old, run

from coralexp.artifacts.drafts import new_draft
from coralexp.artifacts.pruning import Pruned, Pruning
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from pathlib import Path

MONTH_S = 30 * DAY_S
HOLD = """
import sys
from pathlib import Path
from coralexp.artifacts.locks import held
with held(Path(sys.argv[1]), lambda holder: None):
    print("held", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store")


def names(pruned: Pruned) -> list[str]:
    return [one.name for one in pruned.removed]


def test_old_entries_that_no_run_uses_go_and_all_others_stay(store: Store) -> None:
    old = entry(store, "train", seed=1, age_s=40 * DAY_S)
    used = entry(store, "train", seed=2, age_s=40 * DAY_S)
    young = entry(store, "train", seed=3)
    run(store, age_s=40 * DAY_S, train=used)

    pruned = Pruning(store, MONTH_S)()

    assert names(pruned) == [f"train/{old}"]
    assert (pruned.used, pruned.skipped, pruned.failed) == (1, [], False)
    assert pruned.used_bytes > 0
    assert not store.path("train", old).exists()
    assert store.damage("train", used) == store.damage("train", young) == []


def test_what_runs_use_goes_when_that_is_asked_for_and_no_run_used_it_lately(store: Store) -> None:
    long_ago = entry(store, "train", seed=1, age_s=40 * DAY_S)
    lately = entry(store, "train", seed=2, age_s=40 * DAY_S)
    record = run(store, age_s=35 * DAY_S, train=long_ago)
    run(store, age_s=DAY_S, train=lately)

    assert names(Pruning(store, MONTH_S, keep_runs=False)()) == [f"train/{long_ago}"]
    assert store.damage("train", lately) == []
    assert store.runs.find(record.id).id == record.id  # the record itself stays


def test_a_dry_run_tells_the_same_and_removes_nothing(store: Store) -> None:
    key = entry(store, "train", age_s=40 * DAY_S)

    assert names(Pruning(store, MONTH_S, dry_run=True)()) == [f"train/{key}"]
    assert store.damage("train", key) == []
    assert names(Pruning(store, MONTH_S)()) == [f"train/{key}"]


@pytest.mark.parametrize("dry_run", [True, False])
def test_what_another_process_works_on_stays(store: Store, dry_run: bool) -> None:
    busy = entry(store, "train", seed=1, age_s=40 * DAY_S)
    free = entry(store, "train", seed=2, age_s=40 * DAY_S)
    checkpoint = store.root / "train" / f".{busy}.resume"
    checkpoint.write_text("state")
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(store.lock("train", busy))],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        pruned = Pruning(store, MONTH_S, dry_run=dry_run)()
        process.kill()

    assert names(pruned) == [f"train/{free}"]
    assert {one.name for one in pruned.skipped} == {f"train/{busy}", f"train/.{busy}.resume"}
    assert f"process {process.pid} on " in pruned.skipped[0].trouble
    assert checkpoint.exists()
    assert store.damage("train", busy) == []


def test_no_entry_goes_while_a_run_works_but_logs_do(store: Store) -> None:
    key = entry(store, "train", age_s=40 * DAY_S)
    working = new_record("run")  # of this very process
    store.runs.save(working)
    (store.root / "logs").mkdir()
    (store.root / "logs" / "tmpstage.log").write_text("")
    grow_old(store.root / "logs" / "tmpstage.log", 40 * DAY_S)

    pruned = Pruning(store, MONTH_S)()

    assert names(pruned) == ["logs/tmpstage.log"]
    assert [r.id for r in pruned.working] == [working.id]
    assert [one.trouble for one in pruned.skipped] == ["a run is at work in this store"]
    assert store.damage("train", key) == []


def test_a_run_of_another_machine_counts_as_long_as_it_was_heard_of(store: Store) -> None:
    key = entry(store, "train", age_s=40 * DAY_S)
    elsewhere = new_record("run")
    elsewhere.host = "another-machine"
    store.runs.save(elsewhere)

    assert names(Pruning(store, MONTH_S)()) == []

    grow_old(store.runs.folder / f"{elsewhere.id}.json", 31 * DAY_S)
    assert names(Pruning(store, MONTH_S)()) == [f"train/{key}"]


def test_a_run_that_begins_meanwhile_keeps_what_is_left(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    for seed in range(3):
        entry(store, "train", seed=seed, age_s=40 * DAY_S)
    remove = Store.remove

    def remove_and_begin(self: Store, stage: str, key: str) -> None:
        remove(self, stage, key)
        self.runs.save(new_record("run"))

    monkeypatch.setattr(Store, "remove", remove_and_begin)
    pruned = Pruning(store, MONTH_S)()

    assert len(pruned.removed) == 1
    assert {one.trouble for one in pruned.skipped} == {
        "a run that has just begun may use it",
        "a run is at work in this store",
    }


def test_what_killed_processes_left_goes_when_it_is_over_or_old(store: Store) -> None:
    done, undone, young = entry(store, "train"), "0" * 20, "1" * 20
    folder = store.root / "train"
    for key in (done, undone, young):
        (folder / f".{key}.resume").write_text("state")
    grow_old(folder / f".{undone}.resume", 40 * DAY_S)
    elsewhere = folder / f".{undone}.elsewhere-1.abc"
    elsewhere.mkdir()
    grow_old(elsewhere, 40 * DAY_S)
    mine = new_draft(folder / young)
    made = store.root / "reproduced"
    for name, inside in (("made-1", "runs"), ("made-2", "runs"), ("made-4", "locks")):
        (made / name / inside).mkdir(parents=True)
        (made / name / inside / "file").write_text("x")
    entry(Store(made / "made-3"), "train")
    grow_old(made / "made-1", 40 * DAY_S)
    grow_old(made / "made-3", 40 * DAY_S)

    pruned = Pruning(store, MONTH_S)()

    assert sorted(names(pruned)) == sorted(
        [
            f"train/.{done}.resume",
            f"train/.{undone}.resume",
            f"train/{elsewhere.name}",
            "reproduced/made-1",
            "reproduced/made-4",
        ]
    )
    assert mine.is_dir()
    assert sorted(path.name for path in made.iterdir()) == ["made-2", "made-3"]
    assert (folder / f".{young}.resume").exists()
    assert names(Pruning(store, MONTH_S, keep_runs=False)()) == ["reproduced/made-3"]


def test_an_entry_of_a_later_version_stays(store: Store) -> None:
    entry(store, "train", schema=99, age_s=40 * DAY_S)

    pruned = Pruning(store, MONTH_S)()

    assert names(pruned) == []
    assert [one.trouble for one in pruned.skipped] == ["a later version of coralexp made it"]


@pytest.mark.skipif(os.name == "nt", reason="Windows has other rights")
def test_a_record_that_cannot_be_read_keeps_what_it_mentions(store: Store) -> None:
    mentioned = entry(store, "train", seed=1, age_s=40 * DAY_S)
    other = entry(store, "train", seed=2, age_s=40 * DAY_S)
    store.runs.folder.mkdir()
    (store.runs.folder / "half.json").write_text(f'{{"stages": {{"train": {{"key": "{mentioned}"')

    assert names(Pruning(store, MONTH_S)()) == [f"train/{other}"]


def test_a_folder_that_is_no_store_loses_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs").mkdir()
    (tmp_path / "logs" / "tmp1.log").write_text("of another program")
    grow_old(tmp_path / "logs", 40 * DAY_S)

    assert names(Pruning(Store(tmp_path), MONTH_S)()) == []
    assert (tmp_path / "logs" / "tmp1.log").exists()
