"""A device that is there measures the run; the prediction stays beside its answer."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from measured_entries import write_entries
from stand_in import build

from coralexp.artifacts.examples import read_split
from coralexp.boards.order import Protocol
from coralexp.boards.presence import Found
from coralexp.devices import cpu, edge_tpu
from coralexp.errors import BoardError
from coralexp.spec.experiment import Machine
from coralexp.stages.measure import measure_model
from coralexp.stages.on_device import Bench

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.devices.contract import Device

pytestmark = pytest.mark.toolchain

SHORT = Protocol(warm_up=2, at_least=20, seconds=0.0)
THERE = Found(there=True, what="a stand-in")
USB = {
    "fixed_ms": 0.338,
    "input_mb_per_s": 380.0,
    "output_mb_per_s": 61.1,
    "stream_mb_per_s": 476.0,
    "throttles": True,
}


@pytest.fixture(scope="module")
def entries(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return write_entries(shared, tmp_path_factory.mktemp("entries"))


@pytest.fixture(scope="module")
def converted(entries: dict[str, Path]) -> Path:
    return entries["convert"]


@pytest.fixture(scope="module")
def compiled(entries: dict[str, Path]) -> Path:
    return entries["compile"]


@pytest.fixture(scope="module")
def dataset(entries: dict[str, Path]) -> Path:
    return entries["dataset"]


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("library"), invoke_us=3_000, first_us=20_000)


@pytest.fixture
def judging(library: Path, entries: dict[str, Path]) -> Bench:
    return bench(library, dataset=entries["dataset"], evaluated=entries["evaluate"])


def plan(measure: str = "auto", images: int | None = 0) -> Device:
    return edge_tpu.plan(**USB, measure=measure, accuracy_images=images)


def bench(library: Path, **more: object) -> Bench:
    return Bench(THERE, Machine(delegate=str(library)), protocol=SHORT, **more)


def read(path: Path) -> dict[str, object]:
    fields: dict[str, object] = json.loads(path.read_text("utf-8"))
    return fields


def test_what_was_measured_stands_in_the_place_of_the_prediction(
    converted: Path, compiled: Path, library: Path, tmp_path: Path
) -> None:
    (tmp_path / "before").mkdir()
    measure_model(converted, compiled, plan(), tmp_path / "before", threads=1)
    predicted = read(tmp_path / "before/timings.json")

    measure_model(converted, compiled, plan(), tmp_path, threads=1, bench=bench(library))

    timings, tags = read(tmp_path / "timings.json"), read(tmp_path / "tags.json")
    with np.load(tmp_path / "device_latencies_ms.npz") as raw:
        times_ms = raw["invoke_ms"]
        assert len(raw["end_to_end_ms"]) == len(times_ms) == 20
    assert timings["edgetpu_latency_ms"] == pytest.approx(np.median(times_ms))
    assert timings["edgetpu_latency_low_ms"] == pytest.approx(np.percentile(times_ms, 5))
    assert timings["edgetpu_latency_high_ms"] == pytest.approx(np.percentile(times_ms, 95))
    assert timings["device_latency_ms"] == timings["edgetpu_latency_ms"]
    assert timings["edgetpu_latency_first_ms"] >= 20
    for name in ("", "low_", "high_"):
        before = predicted[f"edgetpu_latency_{name}ms"]
        assert timings[f"edgetpu_latency_predicted_{name}ms"] == before
    assert tags["edgetpu_latency_source"] == tags["device_latency_source"] == "measured"
    assert tags["measured_on"] == THERE.what
    assert tags["edgetpu_library"] == str(library)
    assert "raw" not in read(tmp_path / "board.json")
    assert not (tmp_path / "notes.txt").exists()
    assert not any("predicted" in name for name in predicted)


def test_the_devices_answers_are_held_against_the_hosts(
    converted: Path, compiled: Path, judging: Bench, dataset: Path, tmp_path: Path
) -> None:
    measure_model(converted, compiled, plan(images=5), tmp_path, threads=1, bench=judging)

    timings = read(tmp_path / "timings.json")
    told = read(tmp_path / "board.json")["answers"]
    _, labels = read_split(dataset, "test")
    assert timings["device_accuracy_images"] == len(told) == 5
    assert timings["device_agreement"] == np.mean(np.array(told) == 7)
    assert timings["device_accuracy"] == np.mean(np.array(told) == labels[:5])
    rows = list(csv.DictReader((tmp_path / "device_answers.csv").read_text("utf-8").splitlines()))
    assert [row["image"] for row in rows] == [str(n) for n in range(5) if told[n] != 7]
    assert {row["host"] for row in rows} == {"name 7"}
    assert [row["device"] for row in rows] == [f"name {n}" for n in told if n != 7]


def test_the_whole_test_split_is_answered_unless_fewer_are_asked_for(
    converted: Path, compiled: Path, judging: Bench, dataset: Path, tmp_path: Path
) -> None:
    measure_model(converted, compiled, plan(images=None), tmp_path, threads=1, bench=judging)

    pixels, _ = read_split(dataset, "test")
    assert read(tmp_path / "timings.json")["device_accuracy_images"] == len(pixels)


def test_a_device_that_fails_is_estimated_with_a_word_or_fails_if_required(
    converted: Path, compiled: Path, tmp_path: Path
) -> None:
    broken = bench(build(tmp_path / "library", fail_at="INVOKE"))

    measure_model(converted, compiled, plan(), tmp_path, threads=1, bench=broken)

    assert read(tmp_path / "tags.json")["edgetpu_latency_source"] == "estimated"
    assert "measuring failed: this machine: " in (tmp_path / "notes.txt").read_text("utf-8")
    with pytest.raises(BoardError, match="failed to invoke"):
        measure_model(converted, compiled, plan("required"), tmp_path, threads=1, bench=broken)


def test_without_a_compiled_file_there_is_nothing_to_measure(
    converted: Path, compiled: Path, library: Path, tmp_path: Path
) -> None:
    without = tmp_path / "compiled"
    shutil.copytree(compiled, without, ignore=shutil.ignore_patterns("*.tflite"))
    place = bench(library)

    measure_model(converted, without, plan(), tmp_path, threads=1, bench=place)

    assert "made no file for the Edge TPU" in (tmp_path / "notes.txt").read_text("utf-8")
    assert read(tmp_path / "tags.json")["edgetpu_latency_source"] == "estimated"
    with pytest.raises(BoardError, match="made no file for the Edge TPU"):
        measure_model(converted, without, plan("required"), tmp_path, threads=1, bench=place)


def test_never_measured_is_estimated_also_on_this_computers_processor(
    converted: Path, tmp_path: Path
) -> None:
    device = cpu.plan(measure="never")

    measure_model(converted, None, device, tmp_path, threads=1)

    tags = read(tmp_path / "tags.json")
    assert tags["device_latency_source"] == "estimated"
    assert dataclasses.replace(device, measure="auto") == cpu.plan()
