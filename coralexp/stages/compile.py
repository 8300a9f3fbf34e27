"""From a .tflite file to one that the Edge TPU runs, and where each operator of it would run."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coralexp.artifacts.compiled_model import write_record
from coralexp.artifacts.tflite_model import MODEL
from coralexp.edgetpu.compiled_placement import compiled_placement
from coralexp.edgetpu.compiler.compilation import without_compiler
from coralexp.edgetpu.compiler.driver import compile_model
from coralexp.edgetpu.compiler.locate import OFF, Absent, find_compiler
from coralexp.edgetpu.executable import read_compiled
from coralexp.edgetpu.latency.memory import parameter_memory
from coralexp.edgetpu.place import place, refused
from coralexp.edgetpu.placement import Rejection
from coralexp.edgetpu.placement_record import PlacedModel, write_placed
from coralexp.edgetpu.rules.contract import MAPPED
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.compiled_model import CompileRecord
    from coralexp.edgetpu.compiler.options import CompileOptions
    from coralexp.edgetpu.placement import Placement
    from coralexp.tflite.graph import ModelFile

VERSION = 1
NOTES = "notes.txt"


def compile_stage(
    converted: Path, setting: str | None, options: CompileOptions, folder: Path
) -> CompileRecord:
    """Compile the model of a `convert` entry, if a compiler is here, and place its operators.

    No compiler, and a compiler that refuses, crashes or takes too long, are recorded outcomes: the
    run goes on with the placement that the rules predict.

    Args:
        converted: Entry of the `convert` stage.
        setting: `machine.compiler`, see `find_compiler`.
        options: What to ask for.
        folder: Empty; receives `compile.json`, `placement.json`, `metrics.json`, `tags.json`, and
            `notes.txt` if the user should know something; if the compiler ran,
            `compiler_stdout.txt` and its log; if it succeeded, `model_edgetpu.tflite`, or one file
            for each segment.

    Returns:
        The record that was written.

    Raises:
        MissingToolError: If a compiler was asked for by name and is not there.
        OptionError: If the name of a container image cannot be one.
    """
    compiler = find_compiler(setting)
    if isinstance(compiler, Absent):
        record = without_compiler(compiler)
    else:
        record = compile_model(converted / MODEL, folder, compiler, options).record()
    model = read_model_file(converted / MODEL)
    placed = _placed(model, record, folder, multiple_subgraphs=options.multiple_subgraphs)
    write_record(record, folder)
    write_placed(placed, folder)
    (folder / "metrics.json").write_text(json.dumps(_metrics(placed), indent=1), "utf-8")
    tags = {
        "compile_source": record.compile_source,
        "compile_status": record.status,
        "compiler": record.compiler,
        "edgetpu_status": _status(placed.placement),
    }
    (folder / "tags.json").write_text(json.dumps(tags, indent=1), "utf-8")
    absent = record.status == "absent"
    notes = [record.compiler] * (setting != OFF) if absent else list(record.warnings)
    notes += [f"{failure.cause} {failure.remedy}" for failure in record.failures]
    if notes:
        (folder / NOTES).write_text("".join(f"{note}\n" for note in notes), "utf-8")
    return record


def _placed(
    model: ModelFile, record: CompileRecord, folder: Path, *, multiple_subgraphs: bool
) -> PlacedModel:
    """Take the compiler's word where there is one, the rules' elsewhere."""
    predicted = place(model, multiple_subgraphs=multiple_subgraphs)
    if record.status == "refused":
        failures = [Rejection(f.text, f.cause, f.remedy) for f in record.failures]
        return PlacedModel(refused(model, failures), None, None)
    whole = [part for part in record.parts if part.file is not None]
    if record.status == "compiled" and len(whole) == 1 and whole[0].file is not None:
        compiled = read_model_file(folder / whole[0].file)
        left = [(row.op, row.status) for row in whole[0].operators if row.status != MAPPED]
        placement = compiled_placement(model.main, compiled.main, predicted, left)
        inside = read_compiled(compiled)
        if inside is not None:
            return PlacedModel(
                placement, inside.cached_parameter_bytes, inside.streamed_parameter_bytes
            )
    if not predicted.count("edgetpu"):
        return PlacedModel(predicted, None, None)
    memory = parameter_memory(model.main, predicted)
    return PlacedModel(predicted, memory.on_chip_bytes, memory.off_chip_bytes)


def _metrics(placed: PlacedModel) -> dict[str, float]:
    placement = placed.placement
    metrics: dict[str, float] = {
        "edgetpu_mapped_ratio": placement.mapped_ratio,
        "edgetpu_ops": placement.count("edgetpu"),
        "cpu_ops": placement.count("cpu"),
        "unknown_ops": placement.count("unknown"),
    }
    if placed.on_chip_bytes is not None and placed.off_chip_bytes is not None:
        metrics["on_chip_bytes"] = placed.on_chip_bytes
        metrics["off_chip_bytes"] = placed.off_chip_bytes
    return metrics


def _status(placement: Placement) -> str:
    """Return in one line how it stands between the model and the chip."""
    if placement.rejections:
        first = placement.rejections[0]
        return f"{first.text or 'refused'}: {first.reason} {first.advice}".strip()
    mapped, total = placement.count("edgetpu"), len(placement.operators)
    if mapped == total:
        return f"all {total} operators on the Edge TPU"
    stay = next(o for o in placement.operators if o.placement != "edgetpu")
    return f"{mapped} of {total} operators on the Edge TPU; {stay.op}: {stay.reason}"
