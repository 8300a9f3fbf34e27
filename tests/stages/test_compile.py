"""Whatever the compiler does, the stage records it, and the run can go on."""

from __future__ import annotations

import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.compiled_model import read_compiled
from coralexp.edgetpu.compiler.options import CompileOptions
from coralexp.errors import MissingToolError
from coralexp.stages.compile import compile_stage

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """#!{python}
import shutil, sys
print("Edge TPU Compiler version 16.0.384591198")
if "--version" not in sys.argv:
    print(open({said!r}).read())
    if {file!r}:
        shutil.copyfile({file!r}, "model_edgetpu.tflite")
    sys.exit({status})
"""
SAID = """Model compiled successfully in 12 ms.

Input model: model.tflite
Output model: model_edgetpu.tflite
On-chip memory used for caching model parameters: 553.75KiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 31
Operation log: model_edgetpu.log
See the operation log file for individual operation details.
"""


@pytest.fixture
def converted(shared: Path, tmp_path: Path) -> Path:
    folder = tmp_path / "converted"
    folder.mkdir()
    source = shared / "edgetpu/models/mobilenet_v1_0.25_128_quant.tflite"
    shutil.copyfile(source, folder / "model.tflite")
    return folder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "entry"
    path.mkdir()
    return path


def program(tmp_path: Path, said: str, file: Path | None = None, status: int = 0) -> str:
    text = tmp_path / "said"
    text.write_text(said, "utf-8")
    path = tmp_path / "edgetpu_compiler"
    path.write_text(
        PROGRAM.format(python=sys.executable, said=str(text), file=str(file or ""), status=status),
        "utf-8",
    )
    path.chmod(0o755)
    return str(path)


def test_a_compiled_model_is_recorded_with_its_counts_and_sizes(
    converted: Path, folder: Path, shared: Path, tmp_path: Path
) -> None:
    file = shared / "edgetpu/models/mobilenet_v1_0.25_128_quant_edgetpu.tflite"

    record = compile_stage(converted, program(tmp_path, SAID, file), CompileOptions(), folder)

    assert record == read_compiled(folder)
    assert record.status == "compiled"
    assert (record.edgetpu_ops, record.cpu_ops, record.on_chip_bytes) == (31, 0, 567_040)
    assert json.loads((folder / "tags.json").read_text("utf-8")) == {
        "compile_source": "edgetpu_compiler",
        "compiler": "edgetpu_compiler 16.0.384591198",
        "compile_status": "compiled",
    }
    assert {path.name for path in folder.iterdir()} == {
        "compile.json",
        "compiler_stdout.txt",
        "model_edgetpu.tflite",
        "tags.json",
    }


def test_a_refusal_is_recorded_with_its_remedy(
    converted: Path, folder: Path, tmp_path: Path
) -> None:
    said = "Invalid model: model.tflite\nModel not quantized\n"

    record = compile_stage(converted, program(tmp_path, said, status=1), CompileOptions(), folder)

    assert record == read_compiled(folder)
    assert record.status == "refused"
    assert "Quantize every tensor to 8 bits" in record.failures[0].remedy
    assert not (folder / "model_edgetpu.tflite").exists()


def test_a_compiler_that_is_switched_off_is_recorded_as_absent(
    converted: Path, folder: Path
) -> None:
    record = compile_stage(converted, "none", CompileOptions(), folder)

    assert record == read_compiled(folder)
    assert record.status == "absent"
    assert json.loads((folder / "tags.json").read_text("utf-8")) == {
        "compile_source": "predicted",
        "compiler": "switched off (machine.compiler=none); the placement is predicted",
    }


def test_no_compiler_is_a_recorded_outcome(
    converted: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert compile_stage(converted, None, CompileOptions(), folder).status == "absent"


def test_a_compiler_that_was_asked_for_and_is_missing_is_an_error(
    converted: Path, folder: Path
) -> None:
    with pytest.raises(MissingToolError, match="there is no such file"):
        compile_stage(converted, "/nowhere/edgetpu_compiler", CompileOptions(), folder)
