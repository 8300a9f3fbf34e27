"""A package goes to a board, its result comes back; what is not whole or not of it is refused."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pytest
from measured_entries import write_entries
from stand_in import build

from coralexp.artifacts.record import StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import Store, key_of
from coralexp.errors import ArchiveError, BoardError, UnknownRunError
from coralexp.pipeline.by_hand import export, take_in
from coralexp.spec.compose import parse
from coralexp.spec.stored import to_dict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.toolchain

PREDICTED = {
    "device_latency_ms": 2.5,
    "edgetpu_latency_ms": 2.5,
    "edgetpu_latency_low_ms": 2.0,
    "edgetpu_latency_high_ms": 3.0,
    "cpu_latency_ms": 1.0,
}
SOURCES = {"edgetpu_latency_source": "estimated", "device_latency_source": "estimated"}
IMAGES = 6


@dataclass(frozen=True)
class Carried:
    """A package that was carried to a fresh folder and measured there.

    Attributes:
        store: That has the run.
        run: Its id.
        folder: Where the package was unpacked.
        result: What `run.sh` packed.
    """

    store: Store
    run: str
    folder: Path
    result: Path


def finished_run(store: Store, entries: dict[str, Path]) -> str:
    """Put the entries into a store, with a prediction, and a record of them; return its id."""
    (experiment,) = parse(["device=usb", "dataset=digits"]).experiments
    record = new_record("run")
    record.config = to_dict(experiment)
    measure = entries["dataset"].parent / "measure"
    measure.mkdir()
    (measure / "timings.json").write_text(json.dumps(PREDICTED))
    (measure / "tags.json").write_text(json.dumps(SOURCES))
    for stage, folder in {**entries, "measure": measure}.items():
        ingredients = {"stage": stage, "threads": 1, "after": {}}

        def write(to: Path, folder: Path = folder) -> None:
            shutil.copytree(folder, to, dirs_exist_ok=True)

        store.make(stage, ingredients, write)
        record.stages[stage] = StageRecord(key_of(ingredients), 1.0, reused=False, made_in_s=1.0)
    record.metrics, record.tags = {"accuracy": 0.5, **PREDICTED}, dict(SOURCES)
    record.state, record.ended = "FINISHED", record.started + 1
    store.runs.save(record)
    return record.id


def start(folder: Path, library: Path) -> subprocess.CompletedProcess[str]:
    """Start a package as a person does on a board where libedgetpu is installed."""
    own = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    own |= {"PYTHON": sys.executable, "LD_LIBRARY_PATH": str(library.parent)}
    command = ["sh", str(folder / "run.sh")]
    return subprocess.run(command, env=own, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def carried(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> Carried:
    here = tmp_path_factory.mktemp("here")
    store = Store(here / "store")
    run = finished_run(store, write_entries(shared, here / "entries"))
    export(store, store.runs.find(run), here / "out.zip", IMAGES)
    board = tmp_path_factory.mktemp("board")
    with zipfile.ZipFile(here / "out.zip") as archive:
        archive.extractall(board)
    folder = board / f"measure-{run}"
    done = start(folder, build(tmp_path_factory.mktemp("library"), invoke_us=3_000))
    assert done.returncode == 0, done.stderr
    return Carried(store, run, folder, folder / f"result-{run}.zip")


@pytest.fixture
def changed(carried: Carried, tmp_path: Path) -> Callable[..., Path]:
    """Return a result file with other fields, its digest made to fit them if it is asked for."""

    def make(*, digest: bool = True, package: dict[str, object] | None = None, **fields) -> Path:
        with zipfile.ZipFile(carried.result) as archive:
            files = {name: archive.read(name) for name in archive.namelist()}
        result = json.loads(files["result.json"])
        files["result.json"] = json.dumps({**result, **fields}).encode()
        if digest:
            files["result.sha256"] = hashlib.sha256(files["result.json"]).hexdigest().encode()
        known = json.loads(files["package.json"])
        files["package.json"] = json.dumps({**known, **(package or {})}).encode()
        path = tmp_path / "changed.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return make


def test_a_result_becomes_a_run_of_its_own_beside_the_prediction(carried: Carried) -> None:
    old, new, is_new = take_in(carried.store, carried.result)

    assert is_new
    assert old.id == carried.run
    metrics, tags = new.metrics, new.tags
    entry = carried.store.entry_of(new, "measure")
    with np.load(entry / "device_latencies_ms.npz") as raw:
        assert metrics["edgetpu_latency_ms"] == pytest.approx(np.median(raw["invoke_ms"]))
        assert len(raw["invoke_ms"]) >= 200
    assert metrics["edgetpu_latency_ms"] >= 3
    for name in ("", "low_", "high_"):
        predicted = PREDICTED[f"edgetpu_latency_{name}ms"]
        assert metrics[f"edgetpu_latency_predicted_{name}ms"] == predicted
    assert (metrics["accuracy"], metrics["cpu_latency_ms"]) == (0.5, 1.0)
    assert metrics["device_accuracy_images"] == IMAGES
    answers = json.loads((entry / "board.json").read_text())["answers"]
    assert metrics["device_agreement"] == np.mean(np.array(answers) == 7)
    assert tags["edgetpu_latency_source"] == tags["device_latency_source"] == "measured"
    assert tags["measured_for_run"] == carried.run
    assert not carried.store.damage("measure", entry.name)

    before = carried.store.runs.find(carried.run)
    assert (before.metrics["edgetpu_latency_ms"], before.tags) == (2.5, SOURCES)
    assert new.stages["convert"] == before.stages["convert"]


def test_a_result_that_is_taken_twice_adds_nothing(carried: Carried) -> None:
    _, first, _ = take_in(carried.store, carried.result)
    count = len(list(carried.store.runs))

    _, second, is_new = take_in(carried.store, carried.result)

    assert (second.id, is_new) == (first.id, False)
    assert len(list(carried.store.runs)) == count


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"digest": False, "first_ms": 0.1}, "cut short or changed"),
        ({"first_ms": "soon"}, "first_ms is no time"),
        ({"answers": [1, 2]}, "answers 2 images of 6"),
        (
            {
                "invoke_ms": dict.fromkeys(
                    ("median", "mean", "std", "p90", "p95", "p99", "min", "max"), 0.1
                )
            },
            "not what its single times give",
        ),
        ({"protocol": {"warm_up": 0}}, "protocol"),
        ({"host": {"name": "\x1b[2J"}}, "control characters"),
        ({"host": {"name": "n" * 501}}, "more than 500"),
        (
            {
                "host": {"model": "Raspberry Pi 3"},
                "devices": [{"name": "pci:0", "interface": "pcie"}],
            },
            "pcie",
        ),
        ({"devices": [1]}, "devices or warnings"),
        ({"warnings": [{}]}, "devices or warnings"),
        ({"schema": 99}, "schema 99"),
        ({"error": {"kind": "device", "text": "no Edge TPU could be taken"}}, "no Edge TPU could"),
        ({"package": {"images": 5}}, "images_digest differ"),
        ({"package": {"model": "0" * 64}}, "model differ"),
        ({"package": {"run": "../../etc"}}, "names no run"),
        ({"package": {"extra": 1}}, "none of schema"),
    ],
)
def test_a_result_that_is_not_as_ordered_is_refused(
    carried: Carried, changed: Callable[..., Path], fields: dict[str, object], why: str
) -> None:
    count = len(list(carried.store.runs))

    with pytest.raises(BoardError, match=why):
        take_in(carried.store, changed(**fields))

    assert len(list(carried.store.runs)) == count


def test_a_result_of_a_run_that_is_not_here_is_refused(
    carried: Carried, changed: Callable[..., Path]
) -> None:
    with pytest.raises(UnknownRunError):
        take_in(carried.store, changed(package={"run": "20200101-000000-abcdef"}))


@pytest.mark.parametrize("left", [0, 100, 2000, -10])
def test_a_result_that_was_cut_is_refused(carried: Carried, tmp_path: Path, left: int) -> None:
    (tmp_path / "cut.zip").write_bytes(carried.result.read_bytes()[:left])

    with pytest.raises(ArchiveError):
        take_in(carried.store, tmp_path / "cut.zip")


def test_the_package_itself_is_no_result(carried: Carried, tmp_path: Path) -> None:
    export(carried.store, carried.store.runs.find(carried.run), tmp_path / "again.zip", IMAGES)

    with pytest.raises(ArchiveError):
        take_in(carried.store, tmp_path / "again.zip")


def test_a_damaged_package_does_not_start(carried: Carried, tmp_path: Path) -> None:
    folder = shutil.copytree(carried.folder, tmp_path / "package")
    (folder / "images.npy").write_bytes((folder / "images.npy").read_bytes()[:-1])

    done = start(folder, tmp_path / "none")

    assert done.returncode == 1
    assert "a file of this package is damaged" in done.stderr


def test_a_board_without_libedgetpu_says_so_and_its_result_is_refused(
    carried: Carried, tmp_path: Path
) -> None:
    folder = shutil.copytree(carried.folder, tmp_path / "package")

    done = start(folder, tmp_path / "none/libedgetpu.so.1")

    assert done.returncode == 1
    assert "libedgetpu cannot be loaded" in done.stderr
    with pytest.raises(BoardError, match="libedgetpu cannot be loaded"):
        take_in(carried.store, folder / carried.result.name)


def test_a_run_without_a_compiled_file_has_nothing_to_measure(
    carried: Carried, shared: Path, tmp_path: Path
) -> None:
    entries = write_entries(shared, tmp_path / "entries")
    (entries["compile"] / "model_edgetpu.tflite").unlink()
    store = Store(tmp_path / "store")
    run = finished_run(store, entries)

    with pytest.raises(BoardError, match="no file that is compiled"):
        export(store, store.runs.find(run), tmp_path / "out.zip", 0)

    assert not (tmp_path / "out.zip").exists()


def test_without_images_no_picture_leaves_this_machine(carried: Carried, tmp_path: Path) -> None:
    export(carried.store, carried.store.runs.find(carried.run), tmp_path / "out.zip", 0)

    with zipfile.ZipFile(tmp_path / "out.zip") as archive:
        names = {name.rpartition("/")[2] for name in archive.namelist()}
    assert "images.npy" not in names
    assert {"agent.pyz", "model_edgetpu.tflite", "order.json", "run.sh", "README.md"} <= names
