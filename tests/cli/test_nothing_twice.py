"""The same again is no work, and the work of many is done once."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
from command import ROOT, call, records, start

from coralexp.artifacts.sameness import lasting_digests
from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord

SMALL = ("dataset=digits", "dataset.limit=100", "backbone=convnet", "training=smoke")
SWEEP = (*SMALL, "quant=ptq,none")

pytestmark = pytest.mark.tf


def jobs_of(folder: Path) -> list[RunRecord]:
    """Return the records of jobs."""
    return [record for record in records(folder) if record.kind == "run"]


def bits(folder: Path) -> dict[str, dict[str, str]]:
    """Return the digests of every file that is the same each time, by stage and key."""
    store = Store(folder / ".coralexp")
    return {
        f"{stage}/{entry.name}": lasting_digests(store, stage, entry.name)
        for stage in ("dataset", "train", "convert", "evaluate", "compile")
        for entry in (store.root / stage).iterdir()
        if store.record(stage, entry.name) is not None
    }


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which 8 processes gave one command at once."""
    folder = tmp_path_factory.mktemp("eight")
    crowd = [start(folder, *SWEEP) for _ in range(8)]
    told = []
    for process in crowd:
        with process:
            told.append(process.communicate(timeout=400)[0])
    (folder / "told.json").write_text(
        json.dumps([[process.returncode, text] for process, text in zip(crowd, told, strict=True)])
    )
    return folder


def test_of_eight_processes_one_works_and_all_end_well(lab: Path) -> None:
    told = json.loads((lab / "told.json").read_text())

    assert [status for status, _ in told] == [0] * 8
    assert sum("train      done" in text for _, text in told) == 1
    assert all("quant=ptq  " in text and "quant=none  " in text for _, text in told)
    waiting = [text for _, text in told if "another process (pid " in text]
    assert len(waiting) == 7 or any("finished before" in text for _, text in told)
    assert [record.state for record in jobs_of(lab)] == ["FINISHED", "FINISHED"]
    assert len(list((lab / ".coralexp" / "train").iterdir())) == 1


def test_the_database_that_eight_opened_is_whole(lab: Path) -> None:
    with sqlite3.connect(lab / "mlruns" / "mlflow.db") as database:
        assert database.execute("pragma integrity_check").fetchone() == ("ok",)
        states = database.execute("select distinct status from runs").fetchall()
    database.close()
    assert states == [("FINISHED",)]


def test_the_same_again_runs_nothing_and_says_how_it_would(lab: Path) -> None:
    before = sorted((lab / ".coralexp" / "runs").iterdir())
    call(lab, *SWEEP)  # whatever had to be compiled is
    told = call(lab, *SWEEP)

    assert "all 2 jobs were finished before: nothing was run" in told
    assert f"coralexp {' '.join(SWEEP)} again=true\n" in told
    assert all(record.id in told for record in jobs_of(lab))
    assert sorted((lab / ".coralexp" / "runs").iterdir()) == before


def test_the_same_again_imports_neither_tensorflow_nor_mlflow(lab: Path) -> None:
    program = (
        "import sys; from coralexp.cli.main import main; status = main(sys.argv[1:]);"
        "heavy = {'tensorflow', 'mlflow', 'tf_keras'} & set(sys.modules); print(status, heavy)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *SWEEP],
        cwd=lab,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "0 set()"


def test_equal_jobs_are_one_and_only_the_missing_are_run(lab: Path) -> None:
    told = call(lab, *SMALL, "quant=none,ptq,none,float16")

    assert "1 of 4 jobs are equal to others: left out" in told
    assert "2 of 3 jobs were finished before and are not run again" in told
    assert [record.choices["quant"] for record in jobs_of(lab)].count("none") == 1
    sweep = [record for record in records(lab) if record.kind == "sweep"][-1]
    assert len(sweep.jobs) == 3
    assert all(name in call(lab, "compare", sweep.id) for name in ("none", "ptq", "float16"))


def test_a_flipped_byte_is_noticed_and_the_entry_made_again(lab: Path) -> None:
    store = Store(lab / ".coralexp")
    run = next(record for record in jobs_of(lab) if record.choices["quant"] == "ptq")
    model = store.path("convert", run.stages["convert"].key) / "model.tflite"
    right = model.read_bytes()
    model.write_bytes(right[:100] + bytes([right[100] ^ 1]) + right[101:])

    told = call(lab, *SMALL, "quant=ptq")

    assert f"convert/{model.parent.name} is damaged (model.tflite); it is made again" in told
    assert model.read_bytes() == right


def test_two_jobs_at_a_time_give_the_same_bits_in_the_same_order(lab: Path, tmp_path: Path) -> None:
    told = call(tmp_path, *SWEEP, "jobs=2")

    rows = [line for line in told.splitlines() if line.startswith("20") and "quant=" in line]
    assert ["quant=ptq" in row for row in rows] == [True, False]
    here, there = bits(tmp_path), bits(lab)
    assert here == {name: there[name] for name in here}
    assert len(here) > 5


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_jobs_that_work_beside_each_other(
    tmp_path: Path, number: int, status: int
) -> None:
    with start(tmp_path, *SWEEP, "training.epochs=100000", "jobs=2") as process:
        deadline = time.monotonic() + 90
        while not list((tmp_path / ".coralexp" / "train").glob(".*")):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(4)
        began = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=60)

    assert process.returncode == status, out
    assert time.monotonic() - began < 12
    assert "Traceback" not in out
    assert {record.state for record in records(tmp_path)} == {"KILLED"}
    left = (tmp_path / ".coralexp" / "train").iterdir()
    # What the training goes on from, and perhaps a half written one, which the next start clears.
    assert all(".resume" in path.name for path in left)


def test_a_killed_sweep_goes_on_as_one_sweep(tmp_path: Path) -> None:
    with start(tmp_path, *SWEEP) as process:
        deadline = time.monotonic() + 120
        while not any(record.state == "FINISHED" for record in jobs_of(tmp_path)):
            assert time.monotonic() < deadline
            time.sleep(0.02)
        process.kill()

    told = call(tmp_path, *SWEEP)

    sweeps = [record for record in records(tmp_path) if record.kind == "sweep"]
    assert len(sweeps) == 1
    assert sweeps[0].state == "FINISHED"
    assert sweeps[0].id in told
    by_id = {record.id: record for record in records(tmp_path)}
    assert [by_id[name].choices["quant"] for name in sweeps[0].jobs] == ["ptq", "none"]
    finished = [record for record in jobs_of(tmp_path) if record.state == "FINISHED"]
    assert len(finished) == 2
    assert not [record for record in records(tmp_path) if record.state == "RUNNING"]
