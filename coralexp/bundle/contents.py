"""Everything that the bundle of a run holds."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.compiled_model import COMPILED, read_compiled
from coralexp.artifacts.tflite_model import MODEL, read_model
from coralexp.boards.agent_file import agent_bytes
from coralexp.bundle.files.bundled.classifier import CPU, EDGE_TPU
from coralexp.bundle.manifest import source_of, with_manifest
from coralexp.bundle.pages import BOARDS, pages, scripts
from coralexp.bundle.samples import samples_of
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.artifacts.store import Store
    from coralexp.artifacts.tflite_model import TfliteModel
    from coralexp.bundle.pages import Board

SAMPLES = 16
_FIGURES = {
    "accuracy": "accuracy",
    "edgetpu_latency_ms": "one inference with the Edge TPU, ms",
    "cpu_latency_ms": "one inference on a CPU, ms",
    "model_size_bytes": "size, bytes",
}


def board_of(record: RunRecord) -> Board:
    """Return the board for which the device of a run speaks; a PC if it is none of them."""
    device = record.choices.get("device", "")
    if device.startswith("rpi"):
        return "raspberry_pi"
    return next((board for board in BOARDS if device.startswith(board)), "pc")


def folder_name(record: RunRecord) -> str:
    """Return the name of the folder in the zip file."""
    return f"bundle-{record.id}"


def contents_of(
    store: Store, record: RunRecord, board: Board, *, samples: int = SAMPLES
) -> dict[str, bytes]:
    """Return the files of a bundle by their names, the same bytes for the same run.

    Args:
        store: Where the run is.
        record: The run.
        board: What it is for.
        samples: Pictures of the test split that travel with it.

    Raises:
        StoreError: If an entry is gone or damaged, or the model is none that a bundle can hold.
    """
    converted = _entry(store, record, "convert")
    model = read_model(converted)
    height, width, _ = model.input.image_shape
    if height != width:
        raise StoreError(
            f"run {record.id}: its model takes {height} x {width} px; a bundle knows squares only"
        )
    files = {
        MODEL: (converted / MODEL).read_bytes(),
        "labels.txt": "".join(f"{name}\n" for name in model.classes).encode(),
        "agent.pyz": agent_bytes(),
    }
    models: dict[str, Json] = {CPU: MODEL, EDGE_TPU: None}
    compiled, why = _compiled(store, record)
    if compiled is None:
        models["why_no_edgetpu"] = why
    else:
        files[COMPILED], models[EDGE_TPU] = compiled.read_bytes(), COMPILED
    told: list[Json] = []
    if samples:
        evaluated, dataset = (_entry(store, record, name) for name in ("evaluate", "dataset"))
        pictures, told = samples_of(dataset, evaluated, model.classes, samples)
        files |= pictures
    files |= scripts() | pages(board, _words(record, model, why, compiled=compiled is not None))
    resize = _resize(record)
    return with_manifest(
        files, record, model, board=board, resize=resize, models=models, samples=told
    )


def _entry(store: Store, record: RunRecord, stage: str) -> Path:
    try:
        entry = store.entry_of(record, stage)
    except StoreError as error:
        hint = "; --samples 0 goes on without pictures" if stage in {"dataset", "evaluate"} else ""
        raise StoreError(f"{error}{hint}") from error
    if not store.is_whole(stage, entry.name):
        raise StoreError(
            f"run {record.id}: {entry} is damaged; `coralexp store verify --repair` makes it again"
        )
    return entry


def _compiled(store: Store, record: RunRecord) -> tuple[Path | None, str]:
    """Return the compiled model, or why the bundle has none."""
    if "compile" not in record.stages:
        return None, "the run did not compile its model"
    try:
        entry = _entry(store, record, "compile")
    except StoreError as error:
        return None, str(error)
    told = read_compiled(entry)
    if told.status == "compiled" and len(told.parts) > 1:
        return None, f"the model was compiled into {len(told.parts)} segments for as many Edge TPUs"
    if told.status == "compiled" and (entry / COMPILED).is_file():
        return entry / COMPILED, ""
    if told.status == "absent":
        return None, "edgetpu_compiler was not there when the run was made"
    causes = "; ".join(failure.cause for failure in told.failures)
    return None, f"edgetpu_compiler: {told.status}" + (f" ({causes})" if causes else "")


def _resize(record: RunRecord) -> str:
    """Return what the dataset did to pictures, as `coralexp predict` reads it."""
    part = record.config.get("dataset")
    options = part.get("options") if isinstance(part, dict) else None
    return "stretch" if isinstance(options, dict) and options.get("resize") == "stretch" else "crop"


def _words(record: RunRecord, model: TfliteModel, why: str, *, compiled: bool) -> dict[str, str]:
    name = folder_name(record)
    named = [f"{record.choices[group]}" for group in ("backbone", "dataset") if record.choices]
    rows = [
        f"| {title} | {record.metrics[metric]:.4g} ({source_of(metric, record.tags)}) |"
        if metric != "model_size_bytes"
        else f"| {title} | {record.metrics[metric]:.0f} |"
        for metric, title in _FIGURES.items()
        if metric in record.metrics
    ]
    return {
        "title": " on ".join(named) or name,
        "classes": f"{len(model.classes)} classes",
        "version": record.environment.get("coralexp", ""),
        "run": record.id,
        "overrides": " ".join(record.overrides) or "the defaults",
        "figures": "\n".join(rows),
        "compiled": "`model_edgetpu.tflite` is for the Edge TPU, `model.tflite` for a CPU."
        if compiled
        else f"This bundle has no model for the Edge TPU: {why}.",
        "zip": "BUNDLE.zip",
        "folder": name,
        "runtime": "edgetpu" if compiled else "cpu",
    }
