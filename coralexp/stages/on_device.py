"""What the device itself says of a model: its times, and its answers to test images."""

from __future__ import annotations

import csv
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.compiled_model import COMPILED
from coralexp.artifacts.examples import read_split
from coralexp.artifacts.predictions import read_predictions
from coralexp.artifacts.progress import Step, silent
from coralexp.artifacts.tflite_model import read_model
from coralexp.boards.failures import NoBoardError
from coralexp.boards.order import STANDARD, MeasureOrder, Protocol
from coralexp.boards.reach import measure_there
from coralexp.errors import BoardError
from coralexp.tflite.prepare_input import prepare_input

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy.typing as npt

    from coralexp.artifacts.progress import Progress
    from coralexp.artifacts.tflite_model import TfliteModel
    from coralexp.boards.presence import Found
    from coralexp.boards.result import Measurement
    from coralexp.devices.contract import Device
    from coralexp.spec.experiment import Machine

RESULT = "board.json"
TIMES = "device_latencies_ms.npz"
ANSWERS = "device_answers.csv"
_FIRST_DIFFERENCES = 20
_INTERVAL = (5, 95)  # percentiles: nine inferences of ten


@dataclass(frozen=True)
class Bench:
    """Where a model is measured.

    Attributes:
        found: The device that is there.
        machine: How it is reached.
        dataset: Entry of the `dataset` stage; None asks for no answers to images.
        evaluated: Entry of the `evaluate` stage, with the host's answers; None likewise.
        protocol: How long.
        job: What for, told to others who want the device.
        progress: Hears when the rest of the work is a board's, and which board does not answer.
    """

    found: Found
    machine: Machine
    dataset: Path | None = None
    evaluated: Path | None = None
    protocol: Protocol = STANDARD
    job: str = "a run"
    progress: Progress = silent

    def lost(self, host: str, why: str) -> None:
        """Tell that a board does not answer."""
        self.progress(Step(0, 1, "measurements", note=why, lost=host))


@dataclass(frozen=True)
class Measured:
    """What came of it.

    Attributes:
        timings: Public metric names to values.
        tags: Public tag names to words.
    """

    timings: Mapping[str, float]
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Judged:
    """Images, and what a device's answers to them are held against.

    Attributes:
        images: `.npy` of inputs as the model takes them; None if no answers are asked for.
        host_answers: int64 `[N]`, the classes that the host's runtime gave.
        labels: int64 `[N]`.
        classes: Names of the classes.
    """

    images: Path | None
    host_answers: npt.NDArray[np.int64]
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]


def measure_on_device(
    converted: Path,
    compiled: Path | None,
    device: Device,
    bench: Bench,
    folder: Path,
    *,
    threads: int,
) -> Measured | str:
    """Have a model measured by its device: on the Edge TPU what was compiled, else on its CPU.

    Args:
        converted: Entry of the `convert` stage.
        compiled: Entry of the `compile` stage; None if the Edge TPU runs nothing of the model.
        device: The choice.
        bench: Where.
        folder: Receives `board.json`, `device_latencies_ms.npz` and, if images were asked for,
            `device_answers.csv` with the first that differ.
        threads: Processor threads.

    Returns:
        What was measured; or why it was not, in words for the user.

    Raises:
        NoBoardError: If no board is to be had.
        BoardError: If it cannot be measured, and `device.measure` requires it.
    """
    model = read_model(converted)
    file = model.path if compiled is None else compiled / COMPILED
    if not file.exists():
        text = "the compiler made no file for the Edge TPU, so there is nothing to measure there"
        if device.measure == "required":
            raise BoardError(f"device.measure=required: {text}")
        return f"{text}; the time is estimated"
    with tempfile.TemporaryDirectory(prefix="coralexp-") as name:
        judged = write_images(
            model, device.accuracy_images, bench.dataset, bench.evaluated, Path(name)
        )
        order = MeasureOrder(
            file,
            images=judged.images,
            device=bench.found.device,
            delegate=bench.machine.delegate,
            threads=threads,
            protocol=bench.protocol,
            job=bench.job,
            wait_s=device.wait_min * 60,
            max_s=None if device.max_min is None else device.max_min * 60,
        )
        if bench.machine.boards:
            bench.progress(Step(0, 1, "measurements", is_elsewhere=True))
        try:
            measurement = measure_there(order, bench.machine, bench.lost)
        except NoBoardError:
            raise
        except BoardError as error:
            if device.measure == "required":
                raise
            return (
                f"measuring failed: {error}; the time is estimated (device.measure=required tries"
                " again, and fails then)"
            )
    what = bench.found.what
    if bench.machine.hosts:  # of equal boards, the one that it was
        what = f"{measurement.place}, {what}"
    return keep(measurement, what, judged, folder)


def keep(measurement: Measurement, what: str, judged: Judged, folder: Path) -> Measured:
    """Write what a device said, and return it under the public names.

    Args:
        measurement: Of the device; its answers are those to the images.
        what: Which device that is, in words.
        judged: What the answers are held against.
        folder: Receives the files of `measure_on_device`.
    """
    _write(measurement, folder)
    timings = _timings(measurement)
    if judged.images is not None:
        told = np.asarray(measurement.answers)
        timings["device_accuracy"] = float(np.mean(told == judged.labels))
        timings["device_agreement"] = float(np.mean(told == judged.host_answers))
        timings["device_accuracy_images"] = len(told)
        _write_differences(
            told, judged.host_answers, judged.labels, judged.classes, folder / ANSWERS
        )
    return Measured(timings, _tags(measurement, what))


def write_images(
    model: TfliteModel,
    accuracy_images: int | None,
    dataset: Path | None,
    evaluated: Path | None,
    folder: Path,
) -> Judged:
    """Write test images as the model takes them, and return what answers are held against.

    Args:
        model: Which is to answer.
        accuracy_images: How many; None for all, 0 for none.
        dataset: Entry of the `dataset` stage; None for no images.
        evaluated: Entry of the `evaluate` stage; None likewise.
        folder: Receives `images.npy`.
    """
    if dataset is None or evaluated is None or accuracy_images == 0:
        return Judged(None, np.zeros(0, np.int64), np.zeros(0, np.int64), model.classes)
    pixels, labels = read_split(dataset, "test")
    count = min(len(pixels), accuracy_images or len(pixels))
    path = folder / "images.npy"
    np.save(path, prepare_input(np.asarray(pixels[:count]), model.input))
    answers = read_predictions(evaluated).answers[:count]
    return Judged(path, answers, np.asarray(labels[:count]), model.classes)


def _write(measurement: Measurement, folder: Path) -> None:
    (folder / RESULT).write_text(json.dumps(measurement.summary(), indent=1), "utf-8")
    raw_ms = measurement.raw_ms
    np.savez(
        folder / TIMES,
        invoke_ms=np.array(raw_ms["invoke_ms"]),
        end_to_end_ms=np.array(raw_ms["end_to_end_ms"]),
    )


def _timings(measurement: Measurement) -> dict[str, float]:
    """Return the metrics: the median stands for an inference, as for the processor here."""
    invoke_ms = measurement.invoke_ms
    timings = {"device_latency_ms": invoke_ms["median"]}
    if not measurement.on_edge_tpu:
        return timings
    low_ms, high_ms = np.percentile(measurement.raw_ms["invoke_ms"], _INTERVAL)
    return {
        **timings,
        "edgetpu_latency_ms": invoke_ms["median"],
        "edgetpu_latency_low_ms": float(low_ms),
        "edgetpu_latency_high_ms": float(high_ms),
        "edgetpu_latency_mean_ms": invoke_ms["mean"],
        "edgetpu_latency_std_ms": invoke_ms["std"],
        "edgetpu_latency_p95_ms": invoke_ms["p95"],
        "edgetpu_latency_p99_ms": invoke_ms["p99"],
        "edgetpu_latency_min_ms": invoke_ms["min"],
        "edgetpu_latency_first_ms": measurement.first_ms,
        "edgetpu_latency_end_to_end_ms": measurement.end_to_end_ms["median"],
    }


def _tags(measurement: Measurement, what: str) -> dict[str, str]:
    runtime, library = measurement.group("runtime"), measurement.group("library")
    tags = {
        "device_latency_source": "measured",
        "measured_on": what,
        "measured_by": f"{runtime.get('name')} {runtime.get('version')}".strip(),
    }
    if measurement.on_edge_tpu:
        tags["edgetpu_latency_source"] = "measured"
        tags["edgetpu_library"] = f"{library.get('path')} {library.get('version') or ''}".strip()
        tags["edgetpu_device"] = _devices(measurement)
        tags["edgetpu_clock"] = str(library.get("clock") or "unknown")
    if measurement.warnings:
        tags["measure_warnings"] = "; ".join(measurement.warnings)
    return tags


def _devices(measurement: Measurement) -> str:
    found = measurement.fields["devices"]
    known = [d for d in found if isinstance(d, dict)] if isinstance(found, list) else []
    return " or ".join(f"{d.get('name')} ({d.get('interface')})" for d in known) or "unknown"


def _write_differences(
    told: npt.NDArray[np.int64],
    host_answers: npt.NDArray[np.int64],
    labels: npt.NDArray[np.int64],
    classes: tuple[str, ...],
    path: Path,
) -> None:
    """Write the first images of the split that device and host answer differently."""
    differ = np.flatnonzero(told != host_answers)[:_FIRST_DIFFERENCES]
    with path.open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(("image", "label", "host", "device"))
        for place in differ:
            numbers = (labels[place], host_answers[place], told[place])
            rows.writerow((int(place), *(_name(classes, int(number)) for number in numbers)))


def _name(classes: tuple[str, ...], number: int) -> str:
    return classes[number] if number < len(classes) else f"class {number}"
