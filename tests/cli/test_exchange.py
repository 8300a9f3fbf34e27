"""`coralexp export-runs` and `import-runs`: thirty students, one table."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from stored_run import everything_below, stored_run, swept_runs

from coralexp.artifacts.sameness import lasting_digests
from coralexp.artifacts.store import Store
from coralexp.cli.main import main

ROOT = Path(__file__).parents[2]


@pytest.fixture
def lab(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return the folder in which the command is given; three students work in theirs beside it."""
    for number, name in enumerate(("07", "12", "23")):
        stored_run(Store(tmp_path / name), seed=number, accuracy=0.9 + number / 100)
        handed_in = str(tmp_path / f"{name}.zip")
        words = ["export-runs", handed_in, "--tag", f"student={name}"]
        assert main([*words, f"store={tmp_path / name}"]) == 0
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_table_shows_every_student(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import-runs", "07.zip", "12.zip", "23.zip"]) == 0

    told = capsys.readouterr().out.splitlines()
    assert told[0] == "07.zip: 1 run, 3 artifacts, student=07"
    assert told[1] == "12.zip: 1 run, 2 artifacts, student=12"  # the data are the same
    assert told[3] == "3 files: 3 new runs"
    assert main(["compare", "--tag", "student"]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert rows[1] == ["student", "07", "12", "23"]
    assert ["accuracy", "0.9", "0.91", "0.92"] in rows
    assert main(["compare", "--tag", "student=12"]) == 0
    assert capsys.readouterr().out.splitlines()[1].split() == ["student", "12"]
    assert main(["compare", "--tag", "student", "--csv", "-"]) == 0
    table = capsys.readouterr().out.splitlines()
    column = table[0].split(",").index("student")
    assert [row.split(",")[column] for row in table[1:]] == ["07", "12", "23"]


def test_a_refused_file_does_not_keep_the_others_out(
    lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with zipfile.ZipFile(lab / "12.zip", "a") as archive:
        archive.writestr("../../evil", "x")
    capsys.readouterr()

    assert main(["import-runs", "07.zip", "12.zip", "23.zip"]) == 1

    told = capsys.readouterr()
    assert told.err == (
        "coralexp: 12.zip: refused, nothing of it was taken: ../../evil: leads out of its folder\n"
    )
    assert "3 files: 2 new runs, 1 refused" in told.out
    assert main(["import-runs", "07.zip"]) == 0
    assert capsys.readouterr().out == "07.zip: nothing new, 1 record was here before\n"


def test_a_tag_that_no_run_has_is_told(lab: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["import-runs", "07.zip"])

    assert main(["compare", "--tag", "student=eve"]) == 2
    assert "no run has the tag student=eve" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["import-runs", "absent.zip"], "absent.zip: there is no such file"),
        (["export-runs", "out"], "out has to end in .zip"),
        (["export-runs", "07.zip"], "is there already; --force replaces it"),
        (["export-runs", "out.zip", "--tag", "7"], "is written NAME=VALUE"),
        (["export-runs", "out.zip", "--tag", "mlflow.user=x"], "taken by coralexp or MLflow"),
        (["export-runs", "out.zip", "--tag", "a=1", "--tag", "a=2"], "is given twice"),
        (["export-runs", "out.zip", "--tag", "edgetpu_latency_source=measured"], "another value"),
        (["export-runs", "out.zip", "20990101"], "not in"),
        (["export-runs", "out.zip", "store=empty"], "no run has finished yet"),
    ],
)
def test_a_wrong_request_is_told_at_once(
    words: list[str], reason: str, lab: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stored_run(Store(lab / ".coralexp"), seed=9)

    assert main(words) == 2

    assert reason in capsys.readouterr().err
    assert not (lab / "out.zip").exists()


def test_a_sweep_is_named_by_its_id_and_runs_that_work_stay(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(tmp_path / "s")
    sweep, runs = swept_runs(store, 2)
    stored_run(store, seed=5, state="FAILED", error="no")
    working = stored_run(store, seed=6, state="RUNNING", ended=None)
    where = ["--store", str(store.root)]

    assert main(["export-runs", str(tmp_path / "a.zip"), sweep.id, *where]) == 0
    assert main(["export-runs", str(tmp_path / "b.zip"), *where]) == 0
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    assert main(["export-runs", str(tmp_path / "c.zip"), working.id, *where]) == 2
    assert "has not ended yet" in capsys.readouterr().err
    assert main(["export-runs", str(tmp_path / "d.zip"), runs[0].id, *where]) == 0
    assert "d.zip: 1 run, 3 artifacts" in capsys.readouterr().out


SMALL = ("dataset=digits", "dataset.limit=100", "backbone=convnet", "training=smoke")


def call(folder: Path, *args: str, status: int = 0) -> str:
    """Give the command in a folder, expect its exit status, return all that it printed."""
    environment = {name: value for name, value in os.environ.items() if "MLFLOW" not in name}
    done = subprocess.run(
        [sys.executable, "-m", "coralexp", *args],
        cwd=folder,
        env={**environment, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == status, done.stdout
    return done.stdout


@pytest.mark.tf
@pytest.mark.long
def test_a_run_from_one_store_lives_on_in_another(tmp_path: Path) -> None:
    student, teacher = tmp_path / "student", tmp_path / "teacher"
    student.mkdir()
    teacher.mkdir()
    call(student, *SMALL, "quant=ptq")
    call(student, "export-runs", "../07.zip", "--tag", "student=07")
    (run,) = Store(student / ".coralexp").runs
    picture = np.arange(32 * 32 * 3, dtype=np.uint8).reshape(32, 32, 3)
    Image.fromarray(picture).save(tmp_path / "x.png")

    call(teacher, "import-runs", "../07.zip")
    before = everything_below(teacher / ".coralexp")
    call(teacher, "import-runs", "../07.zip")

    assert everything_below(teacher / ".coralexp") == before
    assert call(teacher, "compare").splitlines()[0].split() == ["run", run.id]
    said = call(teacher, "predict", run.id, "../x.png")
    assert said == call(student, "predict", run.id, "../x.png")

    # The same job here is work: it does not build on what somebody sent, and says so.
    told = call(teacher, *SMALL, "quant=ptq")
    assert "came with 07.zip; it is made anew here" in told
    assert "had other bits" not in told
    ours = Store(teacher / ".coralexp")
    new = next(record for record in ours.runs if record.imported is None)
    for stage, made in new.stages.items():
        assert ours.record(stage, made.key).imported is None
        if stage in run.stages and made.key == run.stages[stage].key:
            theirs = lasting_digests(Store(student / ".coralexp"), stage, made.key)
            assert lasting_digests(ours, stage, made.key) == theirs
    assert {name: new.metrics[name] for name in ("accuracy", "model_size_bytes")} == {
        name: run.metrics[name] for name in ("accuracy", "model_size_bytes")
    }
    # The next job logged the imported run as well, with its own start.
    assert ours.runs.find(run.id).logged
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{teacher / 'mlruns' / 'mlflow.db'}")
    mirror = client.get_run(ours.runs.find(run.id).mlflow_run_id)
    assert mirror.info.start_time == round(run.started * 1000)
    assert mirror.data.tags["student"] == "07"
    assert mirror.data.tags["imported_from"] == "07.zip"
    assert mirror.data.metrics["accuracy"] == run.metrics["accuracy"]
