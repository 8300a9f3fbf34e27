"""What happens to disks, databases and servers while the command works harms no finished stage."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from command import ROOT, call, records, start, wait_for
from disk import Disk, disk
from mlflow_server import free_port, kill, serving

from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SMALL = ("dataset=digits", "dataset.limit=100", "backbone=convnet", "training=smoke", "quant=none")
ONLY_TIMES = (*SMALL, "device=cpu")  # all but `measure` is there when SMALL was given

pytestmark = [pytest.mark.tf, pytest.mark.mlflow, pytest.mark.long]


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which one job was given."""
    folder = tmp_path_factory.mktemp("lab")
    call(folder, *SMALL)
    return folder


@pytest.fixture
def small_disk(lab: Path, tmp_path: Path) -> Generator[Disk]:
    """Return a disk with the store of that job, and its MLflow."""
    with disk(tmp_path / "disk", "24m") as place:
        for name in (".coralexp", "mlruns"):
            shutil.copytree(lab / name, place.seen / name)
        yield place


def damaged(store: Store) -> list[str]:
    """Return what is not whole in a store, and what is half made."""
    entries = [path.parent for path in store.root.glob("*/*/record.json")]
    assert len(entries) > 4
    wrong = [str(entry) for entry in entries if store.damage(entry.parent.name, entry.name)]
    return wrong + [str(path) for path in store.root.glob("*/.*")]


def states(database: Path) -> set[str]:
    """Return the states of MLflow's runs."""
    with closing(sqlite3.connect(database)) as opened:
        return {state for (state,) in opened.execute("select status from runs")}


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no SIGKILL")
def test_five_kills_change_no_bit_and_lose_no_run(tmp_path: Path) -> None:
    script = ROOT / "benchmarks" / "faults" / "kill.py"
    done = subprocess.run(
        [sys.executable, str(script), "--kills", "5", *SMALL],
        cwd=tmp_path,
        check=False,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert "5 kills in " in done.stdout
    assert "equal in every artifact and metric" in done.stdout


def test_a_database_locked_for_ten_seconds_is_waited_for(lab: Path, tmp_path: Path) -> None:
    shutil.copytree(lab / ".coralexp", tmp_path / ".coralexp")
    database = tmp_path / "mlruns" / "mlflow.db"
    with start(tmp_path, *ONLY_TIMES) as process:
        wait_for(database.is_file)
        wait_for(lambda: database.stat().st_size > 0)
        with closing(sqlite3.connect(database, timeout=60, isolation_level=None)) as holder:
            holder.execute("BEGIN EXCLUSIVE")
            time.sleep(10)
            holder.execute("ROLLBACK")
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 0, printed
    assert "Traceback" not in printed
    if not all(record.logged for record in records(tmp_path)):  # then it was said
        assert "another program holds the database" in printed
        call(tmp_path, *ONLY_TIMES)
    assert all(record.logged for record in records(tmp_path))
    assert states(database) == {"FINISHED"}


def test_a_server_that_dies_in_the_middle_gets_the_run_from_the_same_command(
    tmp_path: Path,
) -> None:
    port, database = free_port(), tmp_path / "server.db"
    uri = f"sqlite:///{database}"
    environment = {"MLFLOW_TRACKING_URI": f"http://127.0.0.1:{port}"}
    with (
        serving(uri, port, tmp_path) as server,
        start(tmp_path, *SMALL, environment=environment) as process,
    ):
        wait_for(lambda: states(database) == {"RUNNING"})
        kill(server)
        printed, _ = process.communicate(timeout=120)
    assert process.returncode == 0, printed
    assert printed.count("note: MLflow at ") == 1
    assert "the next command logs them if MLflow is back" in " ".join(printed.split())
    assert [record.state for record in records(tmp_path)] == ["FINISHED"]
    assert not records(tmp_path)[0].logged

    with serving(uri, port, tmp_path):
        again = call(tmp_path, *SMALL, environment=environment)

    assert "this job was finished before: nothing was run" in again
    assert [record.logged for record in records(tmp_path)] == [True]
    assert states(database) == {"FINISHED"}


def test_a_disk_that_is_full_at_the_start_is_named_once(small_disk: Disk) -> None:
    small_disk.fill()

    printed = call(small_disk.seen, *ONLY_TIMES, status=1, through=small_disk.through)

    assert printed == (
        "coralexp: store=.coralexp: the disk is full; free some space, or name another folder with "
        "store=FOLDER, and give the same command again: finished stages are kept\n"
    )
    finished = call(small_disk.seen, *SMALL, through=small_disk.through)
    assert "nothing was run" in finished


def test_a_disk_that_fills_up_fails_the_job_and_the_same_command_ends_it(small_disk: Disk) -> None:
    store = Store(small_disk.seen / ".coralexp")
    with start(small_disk.seen, *SMALL, "seed=1", through=small_disk.through) as process:
        wait_for(lambda: any((store.root / "train").glob(".*")))
        small_disk.fill()
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 1, printed
    assert "Traceback" not in printed
    assert "bug of coralexp" not in printed
    assert "failed after" in printed
    assert ".coralexp/train: the disk is full; free some space" in " ".join(printed.split())
    assert damaged(store) == []

    small_disk.empty()
    call(small_disk.seen, *SMALL, "seed=1", through=small_disk.through)
    assert damaged(store) == []
    ended = list(store.runs)
    assert [record.state for record in ended if record.state == "RUNNING"] == []
    assert all(record.logged for record in ended)


def test_a_read_only_store_shows_what_is_finished_and_names_itself_for_the_rest(
    small_disk: Disk,
) -> None:
    left = next(iter(Store(small_disk.seen / ".coralexp").runs))
    left.id, left.state, left.pid, left.pid_started = "20200101-000000-abcdef", "RUNNING", 1, 0.0
    Store(small_disk.seen / ".coralexp").runs.save(left)  # it would be closed, if it could be
    small_disk.protect(".coralexp")

    finished = call(small_disk.seen, *SMALL, through=small_disk.through)
    refused = call(small_disk.seen, *ONLY_TIMES, status=1, through=small_disk.through)

    assert "this job was finished before: nothing was run" in finished
    assert refused == (
        "coralexp: store=.coralexp: cannot be written (Read-only file system); "
        "name another folder with store=FOLDER\n"
    )
    small_disk.unprotect(".coralexp")
    call(small_disk.seen, *ONLY_TIMES, through=small_disk.through)


def test_a_store_that_becomes_read_only_fails_the_job_and_stays_whole(small_disk: Disk) -> None:
    store = Store(small_disk.seen / ".coralexp")
    with start(small_disk.seen, *ONLY_TIMES, through=small_disk.through) as process:
        wait_for(lambda: any((store.root / "measure").glob(".*")))
        small_disk.protect(".coralexp")
        printed, _ = process.communicate(timeout=120)

    assert process.returncode == 1, printed
    assert "Traceback" not in printed
    assert "bug of coralexp" not in printed
    told = " ".join(printed.split())
    assert ".coralexp/measure: cannot be written (Read-only file system" in told

    small_disk.unprotect(".coralexp")
    call(small_disk.seen, *ONLY_TIMES, through=small_disk.through)
    assert damaged(store) == []
