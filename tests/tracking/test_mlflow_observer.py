"""MLflow mirrors the records, and nothing that happens to it harms a job."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlflow_server import free_port, serving

from coralexp.artifacts.runs import new_record
from coralexp.report.attachments import attachments
from coralexp.tracking import connection
from coralexp.tracking.address import Address, tracking_address
from coralexp.tracking.mlflow_observer import MlflowObserver

if TYPE_CHECKING:
    from collections.abc import Generator

    from conftest import Jobs
    from mlflow import MlflowClient
    from mlflow.entities import Run

pytestmark = pytest.mark.mlflow


@pytest.fixture(scope="session")
def fresh_mlruns(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a database that MLflow just made: copying it saves 3 s a test."""
    folder = tmp_path_factory.mktemp("fresh")
    connection.prepare()
    connection.connect(tracking_address(folder, {}))
    return folder / "mlruns"


@pytest.fixture
def address(tmp_path: Path, fresh_mlruns: Path) -> Address:
    """Return a database of this test alone; its experiment has no folder of its own."""
    place = tracking_address(tmp_path, {})
    shutil.copytree(fresh_mlruns, tmp_path / "mlruns")
    assert place.database is not None
    with closing(sqlite3.connect(place.database)) as database, database:
        where = "UPDATE experiments SET artifact_location = ? WHERE name = 'coralexp'"
        database.execute(where, (place.artifacts,))
    return place


@contextmanager
def observing(jobs: Jobs, address: Address) -> Generator[tuple[MlflowObserver, list[str]]]:
    notes: list[str] = []
    observer = MlflowObserver(
        jobs.runs, jobs.store, attach=attachments, note=notes.append, address=address
    )
    try:
        yield observer, notes
    finally:
        observer.close()


def opened(address: Address) -> tuple[MlflowClient, str]:
    return connection.connect(address)


def logged(jobs: Jobs, address: Address, record_id: str) -> Run:
    client, _ = opened(address)
    run_id = jobs.runs.find(record_id).mlflow_run_id
    assert run_id is not None
    return client.get_run(run_id)


def dead_pid() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


def test_a_sweep_is_logged_whole(jobs: Jobs, address: Address) -> None:
    sweep = jobs.sweep("backbone=mobilenetv2", "quant=ptq,qat")
    with observing(jobs, address) as (observer, notes):
        observer.sweep_started(sweep, 2)
        run = jobs.begin("ptq", sweep)
        observer.run_started(run)
        observer.run_finished(jobs.end(run))
        failed = jobs.begin("qat", sweep)
        observer.run_started(failed)
        observer.run_finished(jobs.end(failed, "FAILED"))
        observer.sweep_finished(jobs.end(sweep))

    assert notes == []
    client, experiment = opened(address)
    mirror = logged(jobs, address, run.id)
    assert mirror.info.run_name == "mobilenetv2 ptq usb"
    assert mirror.info.status == "FINISHED"
    metrics = [mirror.data.metrics[name] for name in ("accuracy", "convert.seconds")]
    assert metrics == [0.95, 1.5]
    assert mirror.data.params == {
        "dataset": "glyphs",
        "backbone": "mobilenetv2",
        "backbone.width": "0.35",
        "backbone.weights": "null",
        "quant": "ptq",
        "device": "usb",
        "seed": "42",
    }
    tags = mirror.data.tags
    assert tags["edgetpu_latency_source"] == "estimated"
    assert (tags["train.key"], tags["train.reused"]) == ("t" * 20, "true")
    assert (tags["host"], tags["pid"]) == (socket.gethostname(), str(os.getpid()))
    assert tags["git_commit"] == "0123abc"
    parent = logged(jobs, address, sweep.id)
    assert parent.info.status == "FINISHED"
    assert tags["mlflow.parentRunId"] == parent.info.run_id
    losses = client.get_metric_history(mirror.info.run_id, "train.loss")
    assert [(point.step, point.value) for point in losses] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]
    assert mirror.inputs.dataset_inputs[0].dataset.digest == ("ab" * 32)[:36]
    assert {file.path for file in client.list_artifacts(mirror.info.run_id)} == {
        "config.yaml",
        "environment.json",
        "layers.md",
        "model.tflite",
        "contract.json",
        "labels.txt",
        "samples.png",
        "curves.png",
        "confusion_matrix.png",
        "confusion_matrix.csv",
        "per_class.csv",
        "per_class.md",
    }
    mirror = logged(jobs, address, failed.id)
    assert mirror.info.status == "FAILED"
    assert mirror.data.tags["error"] == "TrainingError: the loss is nan"
    assert client.get_experiment(experiment).artifact_location == address.artifacts
    assert run.logged  # the pipeline's own record knows it too, so that saving it again is harmless


def test_it_returns_at_once_and_does_not_wait_for_the_import(tmp_path: Path) -> None:
    program = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from coralexp.artifacts.runs import Runs, new_record\n"
        "from coralexp.tracking.mlflow_observer import MlflowObserver\n"
        "store = Path('.coralexp')\n"
        "runs = Runs(store / 'runs')\n"
        "heard = MlflowObserver(runs, store, attach=lambda *_: [], note=print)\n"
        "record = new_record('run')\n"
        "began = time.monotonic()\n"
        "heard.run_started(record)\n"
        "record.state, record.ended = 'FINISHED', time.time()\n"
        "heard.run_finished(record)\n"
        "assert time.monotonic() - began < 0.5\n"
        "heard.close()\n"
        "assert runs.find(record.id).logged\n"
    )
    environment = {k: v for k, v in os.environ.items() if not k.startswith("MLFLOW")}

    done = subprocess.run(
        [sys.executable, "-W", "default", "-c", program],
        cwd=tmp_path,
        env=environment | {"PYTHONPATH": str(Path(__file__).parents[2])},
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")  # and nothing is chattered


def test_a_server_that_is_away_fails_nothing_and_gets_the_run_when_it_is_back(
    jobs: Jobs, tmp_path: Path, address: Address
) -> None:
    port = free_port()
    server = Address(f"http://ada:s3cret@127.0.0.1:{port}")
    sweep = jobs.sweep("quant=ptq,qat")
    run = jobs.begin("ptq", sweep)
    began = time.monotonic()
    with observing(jobs, server) as (observer, notes):
        observer.sweep_started(sweep, 1)
        observer.run_started(run)
        observer.run_finished(jobs.end(run))
        observer.sweep_finished(jobs.end(sweep))
    assert time.monotonic() - began < 30
    assert len(notes) == 1
    assert f"MLflow at http://127.0.0.1:{port}: no server answers there" in notes[0]
    assert "s3cret" not in notes[0]
    assert not jobs.read(run).logged

    with serving(address.uri, port, tmp_path), observing(jobs, server) as (observer, notes):
        observer.log_pending()
        observer.close()

    assert notes == []
    found = jobs.read(run)
    assert (found.logged, found.mlflow_uri) == (True, f"http://127.0.0.1:{port}")
    mirror = logged(jobs, address, run.id)
    assert mirror.info.status == "FINISHED"
    assert mirror.data.tags["mlflow.parentRunId"] == jobs.read(sweep).mlflow_run_id


def test_a_database_that_another_program_holds_is_said_and_left_alone(
    jobs: Jobs, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "_BUSY_TIMEOUT_S", 0.1)
    assert address.database is not None
    with closing(sqlite3.connect(address.database, isolation_level=None)) as holder:
        holder.execute("BEGIN EXCLUSIVE")
        with observing(jobs, address) as (observer, notes):
            run = jobs.begin()
            observer.run_started(run)
            observer.run_finished(jobs.end(run))

    assert len(notes) == 1
    assert "another program holds the database" in notes[0]
    assert not jobs.read(run).logged


TABLES_HALF_MADE = """
import os, signal, sys
from pathlib import Path
from sqlalchemy import event
from sqlalchemy.engine import Engine
from coralexp.tracking import connection
from coralexp.tracking.address import tracking_address

statements = 0

@event.listens_for(Engine, "before_cursor_execute")
def die(*_):
    global statements
    statements += 1
    if statements == 60:
        os.kill(os.getpid(), signal.SIGKILL)

connection.prepare()
connection.connect(tracking_address(Path.cwd(), {}))
"""


@pytest.mark.skipif(os.name == "nt", reason="Windows knows no SIGKILL")
def test_a_process_killed_while_it_makes_the_tables_leaves_no_half_database(
    jobs: Jobs, tmp_path: Path
) -> None:
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", TABLES_HALF_MADE]
    died = subprocess.run(
        command, cwd=tmp_path, env=environment, capture_output=True, check=False, text=True
    )
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert list((tmp_path / "mlruns").glob(".mlflow.db.new-*"))

    run = jobs.begin()
    with observing(jobs, tracking_address(tmp_path, {})) as (observer, notes):
        observer.run_finished(jobs.end(run))

    assert notes == []
    assert jobs.read(run).logged
    assert not list((tmp_path / "mlruns").glob(".mlflow.db.new-*"))


def test_mlruns_that_cannot_be_made_is_said(jobs: Jobs, tmp_path: Path) -> None:
    (tmp_path / "mlruns").write_text("in the way")
    with observing(jobs, tracking_address(tmp_path, {})) as (observer, notes):
        run = jobs.begin()
        observer.run_started(run)
        observer.run_finished(jobs.end(run))

    assert len(notes) == 1
    assert f"{tmp_path / 'mlruns'}: cannot be written" in notes[0]


def test_what_dead_processes_left_running_is_closed_and_nothing_else(
    jobs: Jobs, address: Address
) -> None:
    here = socket.gethostname()
    owners = [(dead_pid(), here), (dead_pid(), here), (dead_pid(), "another"), (os.getpid(), here)]
    records = [new_record("run") for _ in owners]
    with observing(jobs, address) as (observer, _):
        for record, (record.pid, record.host) in zip(records, owners, strict=True):
            jobs.runs.save(record)
            observer.run_started(record)
    recorded, forgotten, _foreign, _alive = records
    (jobs.runs.folder / f"{forgotten.id}.json").unlink()

    with observing(jobs, address) as (observer, _):
        observer.log_pending()

    client, _ = opened(address)
    states = [client.get_run(str(record.mlflow_run_id)).info.status for record in records]
    assert states == ["KILLED", "KILLED", "RUNNING", "RUNNING"]
    assert jobs.read(recorded).logged


def test_deleting_the_store_leaves_mlflow_whole(jobs: Jobs, address: Address) -> None:
    first = jobs.end(jobs.begin())
    with observing(jobs, address) as (observer, _):
        observer.run_finished(first)
    shutil.rmtree(jobs.store)

    second = jobs.end(jobs.begin())
    with observing(jobs, address) as (observer, notes):
        observer.run_finished(second)

    client, experiment = opened(address)
    assert len(client.search_runs([experiment])) == 2
    assert notes == []


def test_deleting_mlruns_leaves_the_store_whole_even_while_it_works(
    jobs: Jobs, address: Address, tmp_path: Path
) -> None:
    first, second = jobs.begin(), jobs.begin()
    with observing(jobs, address) as (observer, notes):
        observer.run_finished(jobs.end(first))
        while not first.logged:
            time.sleep(0.05)
        shutil.rmtree(tmp_path / "mlruns")
        observer.run_finished(jobs.end(second))

    assert notes == []
    assert jobs.read(first).state == "FINISHED"
    with closing(sqlite3.connect(tmp_path / "mlruns" / "mlflow.db")) as database:
        rows = database.execute("SELECT run_uuid FROM runs").fetchall()
    assert rows == [(jobs.read(second).mlflow_run_id,)]


def test_what_is_damaged_in_the_store_is_said_and_the_rest_is_logged(
    jobs: Jobs, address: Address
) -> None:
    (jobs.store / "evaluate" / ("e" * 20) / "predictions.npz").write_bytes(b"broken")
    run = jobs.end(jobs.begin())
    with observing(jobs, address) as (observer, notes):
        observer.run_finished(run)

    assert len(notes) == 1
    assert "no picture of dataset and evaluate" in notes[0]
    assert jobs.read(run).logged


def test_params_and_tags_hold_nothing_of_the_environment(
    jobs: Jobs, address: Address, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_PASSWORD", "s3cret")
    run = jobs.end(jobs.begin())
    with observing(jobs, address) as (observer, _):
        observer.run_finished(run)

    mirror = logged(jobs, address, run.id)
    assert "s3cret" not in json.dumps(mirror.to_dictionary(), default=str)
