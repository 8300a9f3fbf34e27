"""From a .tflite file to one that the Edge TPU runs, or to the reason why there is none."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coralexp.artifacts.compiled_model import write_record
from coralexp.artifacts.tflite_model import MODEL
from coralexp.edgetpu.compiler.compilation import without_compiler
from coralexp.edgetpu.compiler.driver import compile_model
from coralexp.edgetpu.compiler.locate import Absent, find_compiler

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.compiled_model import CompileRecord
    from coralexp.edgetpu.compiler.options import CompileOptions

VERSION = 1


def compile_stage(
    converted: Path, setting: str | None, options: CompileOptions, folder: Path
) -> CompileRecord:
    """Compile the model of a `convert` entry, if a compiler is here.

    No compiler, and a compiler that refuses, crashes or takes too long, are recorded outcomes: the
    run goes on with the predicted placement.

    Args:
        converted: Entry of the `convert` stage.
        setting: `machine.compiler`, see `find_compiler`.
        options: What to ask for.
        folder: Empty; receives `compile.json` and `tags.json`; if the compiler ran,
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
    write_record(record, folder)
    tags = {"compile_source": record.compile_source, "compiler": record.compiler}
    if record.status != "absent":
        tags["compile_status"] = record.status
    (folder / "tags.json").write_text(json.dumps(tags, indent=1), "utf-8")
    return record
