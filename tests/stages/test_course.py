"""A small job from digits to a timed integer model: what its stages leave fits together."""

from __future__ import annotations

import json
import os
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.artifacts.store import file_digests
from coralexp.artifacts.tflite_model import read_model
from coralexp.devices import cpu, edge_tpu
from coralexp.edgetpu.latency.record import read_latency
from coralexp.stages.compile import compile_stage
from coralexp.stages.evaluate import evaluate_model
from coralexp.stages.measure import measure_model
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from coralexp.devices.contract import Device

pytestmark = pytest.mark.tf

CONVERTED = ["convert_ptq", "convert_qat", "convert_none"]
USB = {
    "fixed_ms": 0.5,
    "input_mb_per_s": 400.0,
    "output_mb_per_s": 60.0,
    "stream_mb_per_s": 440.0,
    "throttles": True,
}


@pytest.fixture(scope="session")
def courses(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Two runs of the same job, each in a fresh process."""
    roots = [tmp_path_factory.mktemp("course") for _ in range(2)]
    script = Path(__file__).with_name("course.py")
    environment = {**os.environ, "PYTHONPATH": str(script.parents[2]), "TF_CPP_MIN_LOG_LEVEL": "2"}

    def run(root: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, str(script), str(root / "job")]
        return subprocess.run(
            command, capture_output=True, check=False, env=environment, text=True, timeout=300
        )

    with ThreadPoolExecutor() as threads:
        for ended in threads.map(run, roots):
            assert ended.returncode == 0, ended.stderr[-3000:]
    return [root / "job" for root in roots]


@pytest.fixture(scope="session")
def job(courses: list[Path]) -> Path:
    return courses[0]


@pytest.fixture(scope="session")
def evaluated(job: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for name in CONVERTED:
        folders[name] = tmp_path_factory.mktemp("evaluate")
        evaluate_model(job / "dataset", job / name, folders[name], threads=2, progress=silent)
    return folders


def compiled_entry(converted: Path, device: Device, folder: Path) -> Path:
    """Return the entry that the `compile` stage makes without a compiler."""
    entry = folder / "compiled"
    entry.mkdir()
    assert device.compilation is not None
    compile_stage(converted, "none", device.compilation, entry)
    return entry


def read(path: Path):
    return json.loads(path.read_text("utf-8"))


def test_two_fresh_processes_give_the_same_bytes(courses: list[Path]) -> None:
    first, second = (
        {
            name: digest
            for name, digest in file_digests(root).items()
            if name.rpartition("/")[2] not in {"timings.json", "epoch_timings.json"}
        }
        for root in courses
    )

    assert "train/saved_model/saved_model.pb" in first
    assert not any(name.endswith("fingerprint.pb") for name in first)
    different = [
        name for name in first.keys() | second.keys() if first.get(name) != second.get(name)
    ]
    assert [
        name for name in different if name != "exported.keras"
    ] == []  # a zip with the time in it


def test_histories_tell_every_epoch_and_leave_its_time_to_another_file(job: Path) -> None:
    for stage, epochs in {"train": 8, "qat": 1}.items():
        history = read(job / stage / "history.json")
        assert [epoch["epoch"] for epoch in history] == list(range(1, epochs + 1))
        assert not any("seconds" in epoch for epoch in history)
        seconds = read(job / stage / "epoch_timings.json")
        assert len(seconds) == epochs
        assert min(seconds) > 0


@pytest.mark.parametrize("name", CONVERTED)
def test_the_accuracy_is_a_recount_of_the_predictions(
    job: Path, evaluated: dict[str, Path], name: str
) -> None:
    metrics = read(evaluated[name] / "metrics.json")
    with np.load(evaluated[name] / "predictions.npz") as predictions:
        told, labels = predictions["probabilities"], predictions["labels"]
    pixels, known = read_split(job / "dataset", "test")

    assert np.array_equal(labels, known)
    assert told.shape == (len(pixels), 10)
    hits = sum(int(np.argmax(row)) == label for row, label in zip(told, labels, strict=True))
    assert metrics == {"accuracy": hits / len(labels), "test_images": len(labels)}


def test_the_integer_models_know_what_the_float_model_learned(
    job: Path, evaluated: dict[str, Path]
) -> None:
    trained = read(job / "train" / "metrics.json")["accuracy_float"]
    accuracy = {name: read(evaluated[name] / "metrics.json")["accuracy"] for name in CONVERTED}

    assert trained > 0.6
    assert accuracy["convert_none"] == pytest.approx(trained)
    assert accuracy["convert_ptq"] > trained - 0.05
    assert accuracy["convert_qat"] > accuracy["convert_ptq"] - 0.05


def test_parameters_of_the_table_add_up_to_the_metric(job: Path) -> None:
    lines = (job / "train" / "layers.md").read_text().splitlines()[2:]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]
    counts = [int(row[-1].replace(",", "")) for row in rows]
    metrics = read(job / "train" / "metrics.json")
    kernels = 9 * 1 * 8 + 9 * 8 * 16
    normalization = 8 + 16
    classifier = 16 * 10 + 10

    assert sum(counts[:-1]) == counts[-1] == metrics["parameters_total"]
    assert counts[-1] == kernels + 4 * normalization + classifier
    assert metrics["parameters_trainable"] == kernels + 2 * normalization + classifier
    parts = {row[0]: row[2] for row in rows}
    assert parts["block2_conv"] == "feature extractor"
    assert parts["head_dense"] == "classifier"
    assert [row[3] for row in rows if row[0] == "image"] == ["16 x 16 x 1"]


def test_multiplications_of_the_integer_model_are_those_of_the_network(job: Path) -> None:
    first, second, dense = 16 * 16 * 9 * 8, 8 * 8 * 9 * 8 * 16, 16 * 10

    for name in CONVERTED:
        assert read(job / name / "metrics.json")["macs"] == first + second + dense


@pytest.mark.parametrize("name", CONVERTED)
def test_a_converted_model_carries_size_labels_and_contract(job: Path, name: str) -> None:
    model = read_model(job / name)

    assert model.size_bytes == model.path.stat().st_size
    assert read(job / name / "metrics.json")["model_size_bytes"] == model.size_bytes
    assert (job / name / "labels.txt").read_text("utf-8").split() == list(string.digits)
    assert model.classes == tuple(string.digits)
    assert model.input.tensor.shape == (1, 16, 16, 1)
    assert model.output.shape == (1, 10)


def test_progress_hears_of_whole_batches(job: Path) -> None:
    pixels, _ = read_split(job / "dataset", "test")
    done: list[int] = []

    probabilities(read_model(job / "convert_ptq"), pixels, 1, lambda step: done.append(step.done))

    assert done == [*range(32, len(pixels), 32), len(pixels)]


def test_an_exported_fine_tuned_model_says_the_same(job: Path) -> None:
    with np.load(job / "exported.npz") as answers:
        assert np.array_equal(answers["kept"], answers["given"])
        assert answers["given"].sum(axis=1) == pytest.approx(1, abs=1e-5)


def test_an_integer_model_is_measured_here_and_estimated_there(job: Path, tmp_path: Path) -> None:
    device = edge_tpu.plan(**USB)
    compiled = compiled_entry(job / "convert_ptq", device, tmp_path)

    measure_model(job / "convert_ptq", compiled, device, tmp_path, threads=1)

    timings, tags = read(tmp_path / "timings.json"), read(tmp_path / "tags.json")
    times_ms = np.load(tmp_path / "cpu_latencies_ms.npy")
    assert timings["cpu_latency_ms"] == pytest.approx(np.median(times_ms))
    assert timings["cpu_latency_ms"] <= timings["cpu_latency_p95_ms"]
    assert len(times_ms) >= 50
    assert timings["device_latency_ms"] == timings["edgetpu_latency_ms"]
    low_ms, high_ms = timings["edgetpu_latency_low_ms"], timings["edgetpu_latency_high_ms"]
    assert low_ms < timings["edgetpu_latency_ms"] < high_ms
    assert 0.5 < timings["edgetpu_latency_ms"] < timings["edgetpu_latency_first_ms"] < 2
    latency = read_latency(tmp_path)
    assert latency is not None
    assert sum(span.ms for span in latency.spans) == pytest.approx(timings["edgetpu_latency_ms"])
    assert tags["edgetpu_latency_source"] == tags["device_latency_source"] == "estimated"
    assert tags["device_host"] == "this computer"


def test_the_time_of_a_model_in_segments_says_whose_it_is(job: Path, tmp_path: Path) -> None:
    device = edge_tpu.plan(**USB, num_segments=2)
    compiled = compiled_entry(job / "convert_ptq", device, tmp_path)

    measure_model(job / "convert_ptq", compiled, device, tmp_path, threads=1)

    assert "on one chip" in read(tmp_path / "tags.json")["edgetpu_warnings"]


def test_a_float_model_runs_on_the_processor_and_says_why(job: Path, tmp_path: Path) -> None:
    device = edge_tpu.plan(**USB)
    compiled = compiled_entry(job / "convert_none", device, tmp_path)

    measure_model(job / "convert_none", compiled, device, tmp_path, threads=1)

    timings, tags = read(tmp_path / "timings.json"), read(tmp_path / "tags.json")
    assert not any(name.startswith("edgetpu") for name in timings)
    assert "edgetpu_latency_source" not in tags
    assert timings["device_latency_ms"] == timings["cpu_latency_ms"]
    assert tags["device_latency_source"] == "measured"
    assert "edgetpu_status" not in tags
    status = read(compiled / "tags.json")["edgetpu_status"]
    assert status.startswith("Model not quantized: ")
    assert "float32" in status
    assert "quant=ptq" in status


def test_a_processor_elsewhere_is_estimated(job: Path, tmp_path: Path) -> None:
    measure_model(job / "convert_ptq", None, cpu.plan(host="rpi4"), tmp_path, threads=1)

    timings, tags = read(tmp_path / "timings.json"), read(tmp_path / "tags.json")
    assert timings["device_latency_ms"] > 92_320 / 1e6 / 18  # a desktop's rate, arithmetic alone
    assert tags["device_latency_source"] == "estimated"
    assert tags["edgetpu_status"] == "the device has no Edge TPU"
