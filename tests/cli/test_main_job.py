"""The main job from end to end, as a user gives it; then everything that is done with its runs."""

from __future__ import annotations

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import numpy as np
import psutil
import pytest
from bare_python import bare
from command import call, records, start, wait_for
from PIL import Image

from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord

SMALL = ("dataset=digits", "dataset.limit=300", "backbone=convnet", "training=smoke")

pytestmark = pytest.mark.tf


@pytest.fixture(scope="module")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which the sweep over ptq and qat was given once."""
    folder = tmp_path_factory.mktemp("lab")
    (folder / "printed.txt").write_text(call(folder, *SMALL, "quant=ptq,qat"))
    return folder


@pytest.fixture
def copy(lab: Path, tmp_path: Path) -> Path:
    """Return a folder with the same store and the same MLflow, to do what one likes with."""
    shutil.copytree(lab / ".coralexp", tmp_path / ".coralexp")
    return tmp_path


def runs_of(folder: Path) -> dict[str, RunRecord]:
    """Return the finished jobs by their quantization."""
    return {record.choices["quant"]: record for record in records(folder) if record.kind == "run"}


def test_the_table_shows_both_runs_side_by_side(lab: Path) -> None:
    printed = (lab / "printed.txt").read_text()
    rows = [line for line in printed.splitlines() if line.startswith("2") and "quant=" in line]

    assert len(rows) == 2
    assert all("ms (" in row and "KiB" in row for row in rows)
    assert "~ predicted, not measured on a chip" in printed
    assert printed.count("edgetpu_compiler is not on the PATH") <= 1
    assert "tensorflow" not in printed.lower()


def test_the_float_model_is_trained_once(lab: Path) -> None:
    runs = runs_of(lab)

    assert not runs["ptq"].stages["train"].reused
    assert runs["qat"].stages["train"].reused
    assert runs["ptq"].stages["train"].key == runs["qat"].stages["train"].key


def test_the_accuracy_is_that_of_the_file_over_the_whole_test_split(lab: Path) -> None:
    store = Store(lab / ".coralexp")
    for record in runs_of(lab).values():
        entry = store.path("evaluate", record.stages["evaluate"].key)
        with np.load(entry / "predictions.npz") as predictions:
            labels, rows = predictions["labels"], predictions["probabilities"]
        data = store.path("dataset", record.stages["dataset"].key)

        assert len(labels) == len(np.load(data / "test" / "labels.npy"))
        assert record.metrics["accuracy"] == pytest.approx(np.mean(rows.argmax(1) == labels))


def test_every_public_number_is_there_and_says_where_it_comes_from(lab: Path) -> None:
    for record in runs_of(lab).values():
        assert {
            "accuracy",
            "accuracy_float",
            "model_size_bytes",
            "edgetpu_latency_ms",
            "edgetpu_latency_low_ms",
            "edgetpu_latency_high_ms",
            "device_latency_ms",
            "edgetpu_mapped_ratio",
            "on_chip_bytes",
            "off_chip_bytes",
            "cpu_latency_ms",
            "cpu_latency_p95_ms",
            "parameters_total",
            "parameters_trainable",
            "train_images_per_s",
        } <= record.metrics.keys()
        low, ms, high = (
            record.metrics[f"edgetpu_latency_{end}ms"] for end in ("low_", "", "high_")
        )
        assert low < ms < high
        assert record.tags["edgetpu_latency_source"] == "estimated"
        assert record.metrics["device_latency_ms"] == ms


def test_mlflow_shows_one_parent_with_two_runs(lab: Path) -> None:
    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{lab / 'mlruns' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("coralexp")
    assert experiment is not None
    found = client.search_runs([experiment.experiment_id])
    jobs = [run for run in found if "mlflow.parentRunId" in run.data.tags]
    parents = [run for run in found if run not in jobs]

    assert len(parents) == 1
    assert {run.data.tags["mlflow.parentRunId"] for run in jobs} == {parents[0].info.run_id}
    assert {run.data.params["quant"] for run in jobs} == {"ptq", "qat"}
    assert {run.info.status for run in found} == {"FINISHED"}
    for run in jobs:
        recorded = runs_of(lab)[run.data.params["quant"]]
        assert {name: run.data.metrics[name] for name in recorded.metrics} == pytest.approx(
            recorded.metrics
        )
        names = {item.path for item in client.list_artifacts(run.info.run_id)}
        assert {"config.yaml", "model.tflite", "layers.md"} <= names
        assert len([name for name in names if name.endswith(".png")]) >= 3


def test_the_same_command_again_makes_nothing(copy: Path) -> None:
    before = records(copy)

    call(copy, *SMALL, "quant=ptq,qat")

    assert records(copy) == before


def test_deleting_mlruns_breaks_nothing(copy: Path) -> None:
    # the copy has no mlruns/: its records were mirrored in a database that is gone
    call(copy, *SMALL, "quant=none")

    assert (copy / "mlruns" / "mlflow.db").is_file()
    assert "accuracy" in call(copy, "compare")


def test_deleting_the_store_breaks_nothing(lab: Path, tmp_path: Path) -> None:
    shutil.copytree(lab / "mlruns", tmp_path / "mlruns")

    assert "no run" in call(tmp_path, "compare", status=2).lower()
    config = next((tmp_path / "mlruns").rglob("config.yaml"))
    shutil.copy(config, tmp_path / "kept.yaml")
    assert "dataset" in call(tmp_path, "plan", *SMALL)


def test_plan_tells_what_is_there_and_forecasts_the_rest(copy: Path) -> None:
    told = call(copy, "plan", *SMALL, "quant=ptq,none", "training.epochs=2")

    assert "job 2 of 2" in told
    assert "dataset   reused from the store" in told
    assert "train     made in about" in told
    assert "train     shared with an earlier job" in told
    assert "GB of memory" in told
    assert call(copy, "plan", *SMALL).count("reused") == 8


def test_plan_without_earlier_runs_says_so(tmp_path: Path) -> None:
    assert "no earlier run" in call(tmp_path, "plan", *SMALL)
    assert not (tmp_path / ".coralexp").exists()


def test_predict_says_what_the_model_of_a_run_sees(copy: Path) -> None:
    record = runs_of(copy)["ptq"]
    data = Store(copy / ".coralexp").path("dataset", record.stages["dataset"].key)
    images = np.load(data / "test" / "images.npy")
    for number in range(2):
        Image.fromarray(images[number, :, :, 0]).save(copy / f"{number}.png")
    entry = Store(copy / ".coralexp").path("evaluate", record.stages["evaluate"].key)
    with np.load(entry / "predictions.npz") as predictions:
        best = predictions["probabilities"].argmax(1)

    lines = call(copy, "predict", record.id, "0.png", "1.png", "--json").splitlines()

    told = [json.loads(line)["labels"][0]["label"] for line in lines]
    assert told == [str(best[0]), str(best[1])]
    assert "cannot be read" in call(copy, "predict", record.id, "absent.png", status=1)
    assert "run 'absent'" in call(copy, "predict", "absent", "0.png", status=2)


@pytest.mark.parametrize("quant", ["ptq", "qat"])
def test_a_bundle_gives_every_answer_that_the_run_logged(copy: Path, quant: str) -> None:
    store, record = Store(copy / ".coralexp"), runs_of(copy)[quant]
    images = np.load(store.entry_of(record, "dataset") / "test" / "images.npy")
    with np.load(store.entry_of(record, "evaluate") / "predictions.npz") as predictions:
        logged = predictions["probabilities"]
    (copy / "split").mkdir()
    for number, image in enumerate(images):
        Image.fromarray(image[..., 0]).save(copy / "split" / f"{number:03d}.png")

    call(copy, "bundle", record.id, "out")
    words = ["out/classify.py", "split", "--json", "--top", str(logged.shape[1])]
    said = subprocess.check_output(
        [bare(copy / "bare"), *words],
        cwd=copy,
        env={"PATH": os.environ["PATH"]},
        text=True,
    )

    answers = [json.loads(line)["labels"] for line in said.splitlines()]
    rows = [{label["label"]: label["probability"] for label in answer} for answer in answers]
    assert [[row[str(digit)] for digit in range(10)] for row in rows] == logged.tolist()


def test_export_hands_every_format_out(copy: Path) -> None:
    record = runs_of(copy)["qat"]
    for kind in ("tflite", "h5", "keras", "savedmodel"):
        call(copy, "export", record.id, "--format", kind, f"out/model.{kind}")

    assert (copy / "out" / "model.tflite").stat().st_size == record.metrics["model_size_bytes"]
    assert (copy / "out" / "model.h5").read_bytes()[1:4] == b"HDF"
    assert (copy / "out" / "model.keras").read_bytes()[:2] == b"PK"
    assert (copy / "out" / "model.savedmodel" / "saved_model.pb").is_file()
    assert sorted(path.name for path in (copy / "out").iterdir()) == [
        "model.h5",
        "model.keras",
        "model.savedmodel",
        "model.tflite",
    ]
    assert "--force" in call(copy, "export", record.id, "out/model.tflite", status=2)


def test_compare_shows_what_differs(copy: Path) -> None:
    told = call(copy, "compare")
    call(copy, "compare", "--csv", "runs.csv")
    with (copy / "runs.csv").open() as file:
        rows = list(csv.DictReader(file))

    assert "quant" in told
    assert "training.epochs" not in told
    assert {row["quant"] for row in rows} == {"ptq", "qat"}
    assert all(float(row["accuracy"]) >= 0 for row in rows)


def test_a_run_is_reproduced_by_its_id_and_by_its_file(copy: Path) -> None:
    record = runs_of(copy)["ptq"]
    call(copy, "reproduce", record.id)
    again = records(copy)[-1]
    assert not (copy / ".coralexp" / "reproduced").exists()

    assert again.config == record.config
    assert again.metrics["accuracy"] == record.metrics["accuracy"]
    stored = next((copy / "mlruns").rglob("config.yaml"))
    call(copy, "reproduce", str(stored), "quant=none")
    assert records(copy)[-1].choices["quant"] == "none"


DIVERGES = ("training.optimizer=sgd", "training.learning_rate=1e30,0.01")


STAND_IN = """#!{python}
import shutil, sys
print("Edge TPU Compiler version 16.0.384591198")
if "--version" not in sys.argv:
    shutil.copyfile({file!r}, "model_edgetpu.tflite")
    print("Model compiled successfully in 12 ms.\\n")
    print("Input model: model.tflite\\nOutput model: model_edgetpu.tflite")
    print("Number of Edge TPU subgraphs: 1\\nTotal number of operations: 11")
    print("Operation log: model_edgetpu.log")
"""


def test_a_compiler_that_is_there_is_believed(copy: Path, shared: Path) -> None:
    file = shared / "edgetpu" / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"
    compiler = copy / "edgetpu_compiler"
    compiler.write_text(STAND_IN.format(python=sys.executable, file=str(file)))
    compiler.chmod(0o755)

    printed = call(copy, *SMALL, "quant=ptq", f"machine.compiler={compiler}")

    run = records(copy)[-1]
    assert not run.stages["compile"].reused
    assert run.stages["convert"].reused
    assert run.tags["compile_source"] == "edgetpu_compiler"
    assert run.tags["compiler"] == "edgetpu_compiler 16.0.384591198"
    assert run.metrics["on_chip_bytes"] == 566_912  # as the file says
    assert "is not on the PATH" not in printed


def test_a_compiler_that_is_not_where_it_should_be_stops_before_the_first_job(copy: Path) -> None:
    before = len(records(copy))

    printed = call(copy, *SMALL, "machine.compiler=/nowhere/edgetpu_compiler", status=2)

    assert "machine.compiler: " in printed
    assert "there is no such file" in printed
    assert len(records(copy)) == before


def test_a_failed_job_does_not_stop_the_others(copy: Path) -> None:
    told = call(copy, *SMALL, *DIVERGES, status=1)

    assert [record.state for record in records(copy)[-2:]] == ["FAILED", "FINISHED"]
    assert "epoch 1" in told
    assert "lower training.learning_rate" in told
    assert "Traceback" not in told


def test_on_error_stop_stops(copy: Path) -> None:
    call(copy, *SMALL, *DIVERGES, "on_error=stop", status=1)

    assert records(copy)[-1].state == "FAILED"


def test_a_time_limit_ends_with_a_finished_run(copy: Path) -> None:
    call(copy, *SMALL, "training.epochs=100000", "training.max_minutes=0.02")

    record = records(copy)[-1]
    assert record.state == "FINISHED"
    assert record.tags["stopped_by"] == "time"
    assert "accuracy" in record.metrics


def workers_below(process: subprocess.Popen[str]) -> Iterator[psutil.Process]:
    """Yield the processes of the stages."""
    for child in psutil.Process(process.pid).children(recursive=True):
        if "coralexp.pipeline.worker" in " ".join(child.cmdline()):
            yield child


def training_has_begun(folder: Path) -> bool:
    """Return whether the train stage has a draft."""
    return any((folder / ".coralexp" / "train").glob(".*"))


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_ends_it_within_seconds(tmp_path: Path, number: int, status: int) -> None:
    with start(tmp_path, *SMALL, "training.epochs=100000") as process:
        wait_for(lambda: training_has_begun(tmp_path))
        time.sleep(6)  # far enough to be inside TensorFlow
        workers = list(workers_below(process))
        began = time.monotonic()
        process.send_signal(number)
        out, _ = process.communicate(timeout=30)

    assert process.returncode == status, out
    assert time.monotonic() - began < 12
    assert "Traceback" not in out
    assert workers
    assert not [worker for worker in workers if worker.is_running()]
    assert records(tmp_path)[-1].state == "KILLED"
    left = (tmp_path / ".coralexp" / "train").iterdir()
    assert {path.suffix for path in left} <= {".resume"}  # from which the training goes on

    from mlflow import MlflowClient

    client = MlflowClient(f"sqlite:///{tmp_path / 'mlruns' / 'mlflow.db'}")
    experiment = client.get_experiment_by_name("coralexp")
    assert experiment is not None
    assert [run.info.status for run in client.search_runs([experiment.experiment_id])] == ["KILLED"]


def test_a_run_left_by_a_killed_process_is_closed_at_the_next_start(copy: Path) -> None:
    with start(copy, *SMALL, "training.epochs=99999") as process:
        wait_for(lambda: training_has_begun(copy))
        workers = list(workers_below(process))
        process.kill()
    left = records(copy)[-1]
    assert left.state == "RUNNING"
    wait_for(lambda: not any(worker.is_running() for worker in workers))

    told = call(copy, *SMALL, "quant=ptq")

    assert left.id in told
    assert Store(copy / ".coralexp").runs.find(left.id).state == "KILLED"


def test_from_python_the_runs_come_back_as_a_table(
    copy: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(copy)
    import coralexp

    table = coralexp.run([*SMALL, "quant=ptq,qat"])

    assert list(table["quant"]) == ["ptq", "qat"]
    assert table["accuracy"].between(0, 1).all()
