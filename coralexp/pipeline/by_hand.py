"""Measuring where no network leads: a package goes to the board, its result comes back."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import json
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, cast

from coralexp.artifacts.compiled_model import COMPILED
from coralexp.artifacts.entries import ingredients_in
from coralexp.artifacts.record import StageRecord
from coralexp.artifacts.runs import new_record
from coralexp.artifacts.store import key_of
from coralexp.artifacts.tflite_model import read_model
from coralexp.boards.order import MeasureOrder
from coralexp.boards.package import Package, write_package
from coralexp.boards.package_result import measurement_of, read_returned, words_of
from coralexp.boards.presence import Wanted, judge
from coralexp.errors import BoardError
from coralexp.spec.part import bind
from coralexp.spec.stored import from_dict
from coralexp.stages.measured_elsewhere import VERSION, put_in_place
from coralexp.stages.on_device import write_images

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.artifacts.store import Store
    from coralexp.devices.contract import Device
    from coralexp.stages.on_device import Judged

MEASURED_FOR = "measured_for_run"


@dataclass(frozen=True)
class _Job:
    """What of a run is measured, and on what."""

    order: MeasureOrder
    package: Package
    judged: Judged
    wanted: Wanted


def export(
    store: Store, run: RunRecord, out: Path, images: int | None, plugins: Sequence[str] = ()
) -> Package:
    """Write the package that a board measures a run with.

    Args:
        store: That has the run.
        run: Finished.
        out: The zip file.
        images: How many test images the board answers; None as the run's device says.
        plugins: Packages that the run took parts from.

    Raises:
        BoardError: If there is nothing that a board could measure.
        StoreError: If an artifact is no longer there.
        OSError: If the file cannot be written.
    """
    if images is None:
        images = _device(run, plugins).accuracy_images
    with _prepared(store, run, images, plugins) as job:
        write_package(job.order, job.package, out)
        return job.package


def take_in(
    store: Store, path: Path, plugins: Sequence[str] = ()
) -> tuple[RunRecord, RunRecord, bool]:
    """Put the result of a board into the store, as a new run whose measure stage is the board's.

    The old run stays as it is: a record and an entry are never changed after they were written.

    Args:
        store: That has the run.
        path: What `run.sh` packed.
        plugins: Packages that the run took parts from.

    Returns:
        The run that was measured for, the run that has the result, and whether that one is new.

    Raises:
        ArchiveError: If it is no such file.
        BoardError: If it is damaged, or of another model than the run's.
        UnknownRunError: If the store has no such run.
        StoreError: If an artifact is no longer there.
    """
    returned = read_returned(path)
    run = store.runs.find(returned.package.run)
    before = store.entry_of(run, "measure")
    with _prepared(store, run, returned.package.images, plugins) as job:
        measurement = measurement_of(returned, job.package, job.order.threads, path.name)
        found = judge(job.wanted, measurement.fields, path.name)
        if not found.there:
            raise BoardError(found.reason)
        what = words_of(measurement)
        old = ingredients_in(before)
        after = cast("dict[str, Json]", old.get("after") or {})
        judged: dict[str, Json] = {n: run.stages[n].key for n in ("dataset", "evaluate")}
        ingredients: dict[str, Json] = {
            **old,
            "after": {**after, **(judged if job.package.images else {})},
            "board": what,
            "by_hand": {"version": VERSION, "result": hashlib.sha256(returned.content).hexdigest()},
        }
        known = _known(store, key_of(ingredients))
        if known is not None:
            return run, known, False

        def write(folder: Path) -> None:
            put_in_place(before, measurement, what, job.judged, folder)

        entry = store.make("measure", ingredients, write)
    return run, _record(store, run, entry, path), True


def _record(store: Store, run: RunRecord, entry: Path, path: Path) -> RunRecord:
    """Write the record of a run that differs from another in its measure stage."""
    before = store.entry_of(run, "measure")
    new = new_record("run")
    for name in ("overrides", "config", "stages", "metrics", "tags", "commit", "environment"):
        setattr(new, name, copy.deepcopy(getattr(run, name)))
    made = store.record("measure", entry.name)
    seconds = made.made_in_s if made is not None else 0.0
    new.stages["measure"] = StageRecord(entry.name, seconds, reused=False, made_in_s=seconds)
    for group, file in ((new.metrics, "timings.json"), (new.tags, "tags.json")):
        for name in _read(before / file):
            cast("dict[str, Json]", group).pop(name, None)
        cast("dict[str, Json]", group).update(_read(entry / file))
    new.tags[MEASURED_FOR] = run.id
    new.tags["measured_from_file"] = path.name
    new.state, new.ended = "FINISHED", time.time()
    store.runs.save(new)
    return new


@contextlib.contextmanager
def _prepared(
    store: Store, run: RunRecord, images: int | None, plugins: Sequence[str]
) -> Generator[_Job]:
    """Yield what is measured, its images in a temporary folder."""
    if run.kind != "run" or run.state != "FINISHED":
        raise BoardError(
            f"run {run.id}: is a {run.kind} that is {run.state}; measure a finished run"
        )
    device, converted = _device(run, plugins), store.entry_of(run, "convert")
    ingredients = ingredients_in(store.entry_of(run, "measure"))
    model = read_model(converted)
    file = model.path
    if device.edge_tpu is not None:
        file = store.entry_of(run, "compile") / COMPILED
        if not file.exists():
            raise BoardError(
                f"run {run.id}: there is no file that is compiled for the Edge TPU, so the board"
                " would have nothing to measure; run it again where edgetpu_compiler is"
                " (machine.compiler), or with device=cpu"
            )
    with tempfile.TemporaryDirectory(prefix="coralexp-") as name:
        dataset, evaluated = (store.entry_of(run, n) for n in ("dataset", "evaluate"))
        judged = write_images(model, images, dataset, evaluated, Path(name))
        package = Package(run.id, _sha256(file))
        if judged.images is not None:
            package = Package(run.id, _sha256(file), len(judged.labels), _sha256(judged.images))
        threads = ingredients.get("threads")
        order = MeasureOrder(
            file,
            images=judged.images,
            threads=threads if isinstance(threads, int) else 1,
            job=f"run {run.id}",
        )
        host, chip = device.host, device.edge_tpu is not None
        wanted = Wanted(host.name, host.is_this_computer, device.interface, edge_tpu=chip)
        yield _Job(order, package, judged, wanted)


def _device(run: RunRecord, plugins: Sequence[str]) -> Device:
    device: Device = bind(from_dict(run.config, plugins=plugins)["device"], plugins)()
    return device


def _known(store: Store, key: str) -> RunRecord | None:
    found = (run for run in store.runs if run.kind == "run" and "measure" in run.stages)
    return next((run for run in found if run.stages["measure"].key == key), None)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read(path: Path) -> dict[str, Json]:
    fields: dict[str, Json] = json.loads(path.read_text("utf-8"))
    return fields
