"""A record of a compilation is read as it was written."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from coralexp.artifacts.compiled_model import (
    RECORD,
    CompiledPart,
    CompileFailure,
    CompileRecord,
    OperatorCount,
    read_compiled,
    write_record,
)
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

PART = CompiledPart(
    "model_edgetpu.tflite",
    801_454,
    28,
    3,
    31,
    1,
    567_040,
    7_507_804,
    0,
    5_243,
    (
        OperatorCount("CONV_2D", 28, "Mapped to Edge TPU"),
        OperatorCount("SOFTMAX", 3, "More than one subgraph is not supported"),
    ),
)
COMPILED = CompileRecord(
    "compiled",
    "edgetpu_compiler",
    "edgetpu_compiler 16.0.384591198",
    "16.0.384591198",
    ("edgetpu_compiler", "model.tflite"),
    0,
    2,
    541,
    (PART,),
    warnings=("Ärger",),
)
REFUSED = CompileRecord(
    "refused",
    "edgetpu_compiler",
    "edgetpu_compiler",
    failures=(
        CompileFailure("Model not quantized", "Because.", "Do.", "google-coral/edgetpu#313"),
    ),
)


@pytest.mark.parametrize("record", [COMPILED, REFUSED, CompileRecord("absent", "predicted", "no")])
def test_a_record_comes_back(tmp_path: Path, record: CompileRecord) -> None:
    write_record(record, tmp_path)

    assert read_compiled(tmp_path) == record


def test_a_record_names_its_schema(tmp_path: Path) -> None:
    write_record(COMPILED, tmp_path)

    assert json.loads((tmp_path / RECORD).read_text("utf-8"))["schema"] == 1


def test_a_record_of_another_schema_is_refused(tmp_path: Path) -> None:
    (tmp_path / RECORD).write_text('{"schema": 2}', "utf-8")

    with pytest.raises(StoreError, match="has schema 2; this coralexp reads 1"):
        read_compiled(tmp_path)


def test_sums_are_unknown_where_a_part_does_not_tell() -> None:
    silent = CompiledPart(None, None, None, None, None, None, None, None, None, 0)
    two = CompileRecord("compiled", "edgetpu_compiler", "x", parts=(PART, PART))
    mixed = CompileRecord("compiled", "edgetpu_compiler", "x", parts=(PART, silent))

    assert (two.edgetpu_ops, two.cpu_ops, two.on_chip_bytes) == (56, 6, 1_134_080)
    assert (mixed.edgetpu_ops, mixed.off_chip_bytes) == (None, None)
    assert REFUSED.edgetpu_ops is None
