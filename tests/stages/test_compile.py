"""Whatever the compiler does, the stage records it, and the run can go on."""

from __future__ import annotations

import csv
import json
import shutil
import sys
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.compiled_model import read_compiled
from coralexp.edgetpu.compiler.options import CompileOptions
from coralexp.edgetpu.placement_record import read_placed
from coralexp.errors import MissingToolError
from coralexp.stages.compile import NOTES, compile_stage

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

DEEPLAB = [
    ("CONV_2D", 36, "Mapped to Edge TPU"),
    ("CONV_2D", 2, "More than one subgraph is not supported"),
    ("DEPTHWISE_CONV_2D", 17, "Mapped to Edge TPU"),
    ("ADD", 10, "Mapped to Edge TPU"),
    ("AVERAGE_POOL_2D", 1, "Mapped to Edge TPU"),
    ("RESIZE_BILINEAR", 3, "Image-interpolation layer won't run precisely enough on Edge TPU"),
    ("QUANTIZE", 1, "More than one subgraph is not supported"),
    ("CONCATENATION", 1, "More than one subgraph is not supported"),
    ("ARG_MAX", 1, "Operation is working on an unsupported data type"),
]


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
        "edgetpu_status": "all 31 operators on the Edge TPU",
    }
    assert json.loads((folder / "metrics.json").read_text("utf-8")) == {
        "edgetpu_mapped_ratio": 1.0,
        "edgetpu_ops": 31,
        "cpu_ops": 0,
        "unknown_ops": 0,
        "on_chip_bytes": 566_912,  # of the file itself, where the log prints 553.75KiB
        "off_chip_bytes": 0,
    }
    assert {path.name for path in folder.iterdir()} == {
        "compile.json",
        "compiler_stdout.txt",
        "metrics.json",
        "model_edgetpu.tflite",
        "placement.json",
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
        "compile_status": "absent",
        "compiler": "switched off (machine.compiler=none); the placement is predicted",
        "edgetpu_status": "all 31 operators on the Edge TPU",
    }
    assert read_placed(folder).placement.mapped_ratio == 1
    assert not (folder / NOTES).exists()  # it was asked for


def test_no_compiler_is_a_recorded_outcome(
    converted: Path, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))

    assert compile_stage(converted, None, CompileOptions(), folder).status == "absent"
    assert "to install it" in (folder / NOTES).read_text("utf-8")


def test_the_placement_is_that_of_the_compiled_file(
    converted: Path, folder: Path, shared: Path, tmp_path: Path
) -> None:
    models = shared / "edgetpu/models"
    name = "deeplabv3_mnv2_dm05_pascal_quant"
    shutil.copyfile(models / f"{name}.tflite", converted / "model.tflite")
    rows = "\n".join(f"{op:31}{count:<11}{status}" for op, count, status in DEEPLAB)
    said = SAID.replace("operations: 31", "operations: 72").replace(
        "See the operation log file for individual operation details.",
        "Number of operations that will run on Edge TPU: 64\n"
        "Number of operations that will run on CPU: 8\n\n"
        f"Operator                       Count      Status\n\n{rows}",
    )
    compiler = program(tmp_path, said, models / f"{name}_edgetpu.tflite")

    record = compile_stage(converted, compiler, CompileOptions(), folder)

    assert record.status == "compiled"
    placed = read_placed(folder)
    with (shared / "edgetpu/op_placement.csv").open(encoding="utf-8") as file:
        truth = [row for row in csv.DictReader(file) if row["model"] == f"{name}.tflite"]
    assert [(o.op, o.placement) for o in placed.placement.operators] == [
        (row["op"], row["placed_on"]) for row in truth
    ]
    assert (placed.on_chip_bytes, placed.off_chip_bytes) == (766_720, 0)
    argmax = placed.placement.operators[-1]
    assert argmax.status == "Operation is working on an unsupported data type"
    assert argmax.advice
    tags = json.loads((folder / "tags.json").read_text("utf-8"))
    assert tags["edgetpu_status"].startswith("64 of 72 operators on the Edge TPU; RESIZE_BILINEAR:")


def test_a_refused_model_has_everything_on_the_cpu(
    converted: Path, folder: Path, tmp_path: Path
) -> None:
    said = "Invalid model: model.tflite\nModel not quantized\n"

    compile_stage(converted, program(tmp_path, said, status=1), CompileOptions(), folder)

    placed = read_placed(folder)
    assert placed.placement.count("cpu") == 31
    assert [rejection.text for rejection in placed.placement.rejections] == ["Model not quantized"]
    assert placed.on_chip_bytes is None
    metrics = json.loads((folder / "metrics.json").read_text("utf-8"))
    assert metrics["edgetpu_mapped_ratio"] == 0
    assert "on_chip_bytes" not in metrics


def test_a_compiler_that_was_asked_for_and_is_missing_is_an_error(
    converted: Path, folder: Path
) -> None:
    with pytest.raises(MissingToolError, match="there is no such file"):
        compile_stage(converted, "/nowhere/edgetpu_compiler", CompileOptions(), folder)
