"""What is remembered of runs can be found again, also after their process died."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import psutil
import pytest

from coralexp.artifacts.record import RunRecord, StageRecord, from_json
from coralexp.artifacts.runs import Runs, is_abandoned, new_record
from coralexp.artifacts.store import Store
from coralexp.errors import StoreError, UnknownRunError

if TYPE_CHECKING:
    from pathlib import Path


def record_called(name: str, **fields: object) -> RunRecord:
    record = new_record("run")
    record.id = name
    for field, value in fields.items():
        setattr(record, field, value)
    return record


def full_record() -> RunRecord:
    return record_called(
        "20261123-165012-3f2a9c",
        sweep="20261123-165011-aaaaaa",
        number=1,
        overrides=["quant=ptq,qat", "dataset.path=Fotos/Größe"],
        config={"quant": {"choice": "qat", "options": {"epochs": 2}}, "seed": 42},
        stages={"train": StageRecord("0" * 20, 1.5, reused=True, made_in_s=60.0)},
        metrics={"accuracy": 0.9375},
        tags={"edgetpu_latency_source": "estimated"},
        state="FAILED",
        error="TrainingError:\n  loss is nan",
        ended=1795456212.25,
        logged=True,
    )


@pytest.fixture
def runs(tmp_path: Path) -> Runs:
    return Store(tmp_path).runs


def test_a_record_comes_back_as_it_was_saved(runs: Runs) -> None:
    record = full_record()

    runs.save(record)

    assert list(runs) == [record]
    assert from_json(record.to_json()) == record
    assert record.choices == {"quant": "qat"}


def test_a_new_record_tells_which_process_runs_it(runs: Runs) -> None:
    record = new_record("sweep")

    assert (record.pid, record.host, record.state) == (os.getpid(), socket.gethostname(), "RUNNING")
    assert record.id.startswith("20")
    assert record.id != new_record("sweep").id


def test_saving_again_replaces_and_leaves_no_draft(runs: Runs) -> None:
    record = new_record("run")
    runs.save(record)
    record.state = "FINISHED"
    runs.save(record)

    assert [one.state for one in runs] == ["FINISHED"]
    assert [path.name for path in runs.folder.iterdir()] == [f"{record.id}.json"]


def test_records_come_oldest_first_and_foreign_files_are_passed_over(runs: Runs) -> None:
    for name in ("20270101-000000-bbbbbb", "20260101-000000-cccccc"):
        runs.save(record_called(name))
    (runs.folder / "20260601-000000-dddddd.json").write_text('{"schema": 1}')
    (runs.folder / "20260602-000000-dddddd.json").write_bytes(b"\xff\xfe")
    (runs.folder / "notes.txt").write_text("mine")

    assert [record.id for record in runs] == ["20260101-000000-cccccc", "20270101-000000-bbbbbb"]


def test_a_store_without_runs_has_none(runs: Runs) -> None:
    assert list(runs) == []
    assert runs.close_abandoned() == []


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"schema": 2}',
        '{"schema": 1, "stages": []}',
        '{"schema": 1, "stages": {"train": 3}}',
        '{"schema": 1, "stages": {}, "colour": "red"}',
    ],
)
def test_text_that_is_no_record_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"not a run record of schema 1|Expecting value"):
        from_json(text)


def test_a_record_of_another_schema_is_refused() -> None:
    fields = json.loads(full_record().to_json())
    fields["schema"] = 2

    with pytest.raises(ValueError, match="not a run record of schema 1"):
        from_json(json.dumps(fields))


def test_runs_are_found_by_their_id_its_beginning_or_that_of_mlflow(runs: Runs) -> None:
    runs.save(record_called("20260101-000000-aaaaaa", mlflow_run_id="f00d"))
    runs.save(record_called("20260101-000000-aaaabb"))

    assert runs.find("20260101-000000-aaaaaa").id == "20260101-000000-aaaaaa"
    assert runs.find("20260101-000000-aaaab").id == "20260101-000000-aaaabb"
    assert runs.find("f00").id == "20260101-000000-aaaaaa"


def test_a_whole_id_is_found_though_another_begins_so(runs: Runs) -> None:
    runs.save(record_called("20260101-000000-aaaaaa"))
    runs.save(record_called("20260101-000000-aaaaaa2"))

    assert runs.find("20260101-000000-aaaaaa").id == "20260101-000000-aaaaaa"


def test_an_ambiguous_beginning_names_the_candidates(runs: Runs) -> None:
    runs.save(record_called("20260101-000000-aaaaaa"))
    runs.save(record_called("20260101-000000-bbbbbb"))

    with pytest.raises(UnknownRunError, match=r"2 runs start so \(.*aaaaaa, .*bbbbbb.*write more"):
        runs.find("2026")


@pytest.mark.parametrize("name", ["", "2027", "x"])
def test_an_unknown_run_is_refused_with_a_way_out(runs: Runs, name: str) -> None:
    runs.save(record_called("20260101-000000-aaaaaa"))

    with pytest.raises(UnknownRunError, match="`coralexp compare` lists the runs") as caught:
        runs.find(name)

    assert caught.value.exit_status == 2


def test_a_run_of_a_living_process_is_not_abandoned() -> None:
    assert not is_abandoned(new_record("run"))


def ended_process() -> subprocess.Popen[bytes]:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process


def test_a_run_of_a_dead_process_is_abandoned() -> None:
    process = ended_process()

    assert is_abandoned(record_called("a", pid=process.pid))


def test_a_run_is_abandoned_when_its_number_is_another_process_by_now() -> None:
    started = psutil.Process().create_time()

    assert is_abandoned(record_called("a", pid=os.getpid(), pid_started=started - 3600))
    assert not is_abandoned(record_called("a", pid=os.getpid(), pid_started=started - 0.5))


@pytest.mark.skipif(os.name == "nt", reason="Windows has no zombies")
def test_a_run_whose_process_ended_unnoticed_is_abandoned() -> None:
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    record = record_called("a", pid=process.pid)
    record.pid_started = psutil.Process(process.pid).create_time()
    assert not is_abandoned(record)
    process.kill()
    deadline = time.monotonic() + 10
    while psutil.Process(process.pid).status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < deadline
        time.sleep(0.01)

    try:
        assert is_abandoned(record)
    finally:
        process.communicate()


def test_runs_of_other_machines_and_ended_ones_are_not_abandoned() -> None:
    pid = ended_process().pid

    assert not is_abandoned(record_called("a", pid=pid, host="another-machine"))
    assert not is_abandoned(record_called("a", pid=pid, state="FINISHED"))


def test_abandoned_runs_are_closed_as_killed_and_only_they(runs: Runs) -> None:
    pid = ended_process().pid
    runs.save(record_called("20260101-000000-aaaaaa", pid=pid))
    runs.save(record_called("20260101-000000-bbbbbb"))
    runs.save(record_called("20260101-000000-cccccc", pid=pid, host="another-machine"))

    closed = runs.close_abandoned()

    assert [record.id for record in closed] == ["20260101-000000-aaaaaa"]
    assert closed[0].ended == pytest.approx(time.time(), abs=60)
    assert [record.state for record in runs] == ["KILLED", "RUNNING", "RUNNING"]
    assert runs.close_abandoned() == []


def test_runs_that_cannot_be_saved_are_an_error_of_ours(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with pytest.raises(StoreError, match="cannot be written"):
        Store(tmp_path / "file").runs.save(new_record("run"))


def test_a_live_process_is_not_taken_for_dead_when_the_clock_jumps() -> None:
    jump_s = 86_400.0  # set back by a day since the record was written, for the system and for us
    record = new_record("run")
    record.pid_started += jump_s
    record.booted += jump_s

    assert not is_abandoned(record)
    record.booted -= jump_s
    assert is_abandoned(record)
