"""Runs leave one store and enter another with all that they made, once."""

from __future__ import annotations

import json
import os
import threading
import zipfile
from typing import TYPE_CHECKING

import pytest
from stored_run import GROUPS, STAGES, everything_below, stored_run, swept_runs

from coralexp.artifacts.archive.pack import pack
from coralexp.artifacts.archive.unpack import OTHER_BITS, Taken, take
from coralexp.artifacts.locks import held
from coralexp.artifacts.store import RECORD, Store
from coralexp.errors import ArchiveError, StoreError

if TYPE_CHECKING:
    from pathlib import Path

SEVEN = {"student": "7"}


def taken(path: Path, store: Store, *, trust: bool = False) -> Taken:
    return take(path, store, stages=STAGES, groups=GROUPS, trust=trust)


@pytest.fixture
def theirs(tmp_path: Path) -> Store:
    return Store(tmp_path / "theirs")


@pytest.fixture
def ours(tmp_path: Path) -> Store:
    return Store(tmp_path / "ours")


def test_a_sweep_arrives_whole_with_its_tag_and_its_origin(
    theirs: Store, ours: Store, tmp_path: Path
) -> None:
    sweep, runs = swept_runs(theirs, 2)
    pack([sweep, *runs], theirs, tmp_path / "07.zip", SEVEN)

    found = taken(tmp_path / "07.zip", ours)

    assert (len(found.runs), found.known, found.entries, found.tags) == (3, 0, 5, SEVEN)
    assert {run.id for run in ours.runs} == {sweep.id, *(run.id for run in runs)}
    for run in runs:
        here = ours.runs.find(run.id)
        assert here.tags == {**run.tags, **SEVEN}
        assert (here.started, here.host, here.metrics) == (run.started, run.host, run.metrics)
        assert (here.imported, here.logged, here.mlflow_run_id) == ("07.zip", False, None)
        for stage, made in here.stages.items():
            assert ours.is_whole(stage, made.key)
            assert ours.record(stage, made.key).imported == "07.zip"
    their_files, our_files = everything_below(theirs.root), everything_below(ours.root)
    assert their_files.keys() == our_files.keys()
    same = [name for name in our_files if their_files[name] == our_files[name]]
    differ = [name for name in our_files if name not in same]
    assert all(name.endswith(f"/{RECORD}") or name.startswith("runs/") for name in differ)


def test_twice_adds_nothing(theirs: Store, ours: Store, tmp_path: Path) -> None:
    run = stored_run(theirs)
    pack([run], theirs, tmp_path / "07.zip", SEVEN)
    taken(tmp_path / "07.zip", ours)
    before = everything_below(ours.root)

    found = taken(tmp_path / "07.zip", ours)

    assert (found.runs, found.known, found.entries) == ([], 1, 0)
    assert everything_below(ours.root) == before
    assert taken(tmp_path / "07.zip", theirs).known == 1
    assert theirs.record("train", run.stages["train"].key).imported is None


def test_equal_content_makes_equal_bytes(theirs: Store, ours: Store, tmp_path: Path) -> None:
    sweep, runs = swept_runs(theirs, 2)
    pack([sweep, *runs], theirs, tmp_path / "a.zip", SEVEN)
    taken(tmp_path / "a.zip", ours)
    for run in ours.runs:
        run.tags.pop("student", None)
        run.mlflow_run_id, run.logged = "f00d", True
        ours.runs.save(run)
    for path in (ours.root / "train").rglob("*"):
        os.utime(path, (1, 1))

    pack(list(reversed(list(ours.runs))), ours, tmp_path / "b.zip", SEVEN)

    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()


def test_an_entry_that_is_here_stays_and_other_bits_are_told(
    theirs: Store, ours: Store, tmp_path: Path
) -> None:
    run = stored_run(theirs)
    key = run.stages["convert"].key
    ours.make("convert", {"stage": "convert", "seed": 1}, lambda f: (f / "m").write_bytes(b"ours"))
    ours.make("train", {"stage": "train", "seed": 1}, _slower)
    before = everything_below(ours.root)
    pack([run], theirs, tmp_path / "a.zip", {})

    found = taken(tmp_path / "a.zip", ours)

    assert found.differing == [f"convert/{key}"]  # the training differs in its times alone
    assert found.runs[0].tags[OTHER_BITS] == f"convert/{key}"
    assert found.entries == 1
    assert before.items() <= everything_below(ours.root).items()
    assert ours.record("convert", key).imported is None


def _slower(folder: Path) -> None:
    (folder / "model.h5").write_bytes(b"weights" * 9)
    (folder / "history.json").write_text('[{"epoch": 1, "loss": 0.5, "seconds": 2.0}]')
    (folder / "saved_model").mkdir()
    (folder / "saved_model" / "record.json").write_text("a name that the store uses, too")


def test_a_damaged_entry_that_is_here_is_replaced(
    theirs: Store, ours: Store, tmp_path: Path
) -> None:
    run = stored_run(theirs)
    pack([run], theirs, tmp_path / "a.zip", {})
    taken(tmp_path / "a.zip", ours)
    model = ours.path("train", run.stages["train"].key) / "model.h5"
    model.write_bytes(b"damaged")

    found = taken(tmp_path / "a.zip", ours)

    assert found.entries == 1
    assert model.read_bytes() == b"weights" * 9


def test_trusted_entries_are_as_our_own(theirs: Store, ours: Store, tmp_path: Path) -> None:
    run = stored_run(theirs)
    pack([run], theirs, tmp_path / "a.zip", {})

    taken(tmp_path / "a.zip", ours, trust=True)

    assert ours.record("train", run.stages["train"].key).imported is None
    assert ours.runs.find(run.id).imported == "a.zip"


def test_stages_can_be_left_out(theirs: Store, ours: Store, tmp_path: Path) -> None:
    run = stored_run(theirs)

    manifest = pack([run], theirs, tmp_path / "a.zip", {}, ["dataset"])
    found = taken(tmp_path / "a.zip", ours)

    assert [entry.stage for entry in manifest.entries] == ["convert", "train"]
    assert (len(found.runs), found.entries) == (1, 2)
    assert "dataset" in found.runs[0].stages


def test_what_is_gone_or_damaged_is_not_exported(theirs: Store, tmp_path: Path) -> None:
    run = stored_run(theirs)
    entry = theirs.path("train", run.stages["train"].key)
    (entry / "model.h5").write_bytes(b"damaged" * 9)

    with pytest.raises(
        StoreError, match=r"train/\w+ \(of model.h5\) is damaged; .*--without train"
    ):
        pack([run], theirs, tmp_path / "a.zip", {})
    theirs.remove("train", entry.name)
    with pytest.raises(StoreError, match=r"its train entry is no longer in .*--without train"):
        pack([run], theirs, tmp_path / "a.zip", {})
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_what_would_steer_a_terminal_is_not_exported(
    theirs: Store, ours: Store, tmp_path: Path
) -> None:
    run = stored_run(theirs, state="FAILED", error="red \x1b[31m text\nsecond line")

    pack([run], theirs, tmp_path / "a.zip", {})

    assert taken(tmp_path / "a.zip", ours).runs[0].error == "red ?[31m text\nsecond line"


def test_a_run_told_otherwise_is_refused(theirs: Store, ours: Store, tmp_path: Path) -> None:
    run = stored_run(theirs)
    pack([run], theirs, tmp_path / "a.zip", {})
    taken(tmp_path / "a.zip", ours)
    before = everything_below(ours.root)
    run.metrics["accuracy"] = 1.0
    pack([run], theirs, tmp_path / "b.zip", {})

    with pytest.raises(
        ArchiveError, match=f"run {run.id}: is here already, and was told otherwise"
    ):
        taken(tmp_path / "b.zip", ours)

    assert everything_below(ours.root) == before


def test_an_entry_that_another_process_makes_is_waited_for(
    theirs: Store, ours: Store, tmp_path: Path
) -> None:
    run = stored_run(theirs)
    pack([run], theirs, tmp_path / "a.zip", {})
    ours.check_writable()
    found: list[Taken] = []
    thread = threading.Thread(target=lambda: found.append(taken(tmp_path / "a.zip", ours)))

    with held(ours.lock("train", run.stages["train"].key), lambda holder: None):
        thread.start()
        thread.join(0.5)
        assert found == []
        assert list(ours.runs) == []
    thread.join(20)

    assert found[0].entries == 3


def test_nothing_is_left_of_the_work_on_the_way(theirs: Store, ours: Store, tmp_path: Path) -> None:
    pack([stored_run(theirs)], theirs, tmp_path / "a.zip", {})

    taken(tmp_path / "a.zip", ours)

    folders = sorted(path.name for path in ours.root.iterdir())
    assert folders == ["convert", "dataset", "locks", "runs", "train"]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert json.loads(archive.read("manifest.json"))["format"] == "coralexp-runs"
