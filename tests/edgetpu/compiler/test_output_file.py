"""A compiled file is known by the operator that the Edge TPU runs, not by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.compiler.output_file import STUB_BYTES, look_at

if TYPE_CHECKING:
    from pathlib import Path


def test_every_real_compiled_file_is_known(models: Path) -> None:
    found = {path.name: look_at(path) for path in models.glob("*_edgetpu.tflite")}

    assert len(found) == 6
    assert all(file.is_compiled and file.custom_ops == 1 for file in found.values())


def test_no_source_is_taken_for_one(models: Path) -> None:
    sources = [path for path in models.glob("*.tflite") if "_edgetpu" not in path.name]

    assert sources
    assert not any(look_at(path).is_compiled for path in sources)


@pytest.mark.parametrize("size", [0, 1, STUB_BYTES])
def test_a_few_bytes_are_a_stub(tmp_path: Path, size: int) -> None:
    path = tmp_path / "model_edgetpu.tflite"
    path.write_bytes(bytes(size))

    assert look_at(path).said == f"an output file of {size} bytes, a stub"


def test_a_cut_file_is_no_model(compiled: Path, tmp_path: Path) -> None:
    path = tmp_path / "model_edgetpu.tflite"
    path.write_bytes(compiled.read_bytes()[:300_000])

    assert not look_at(path).is_compiled


def test_a_folder_in_its_place_is_no_model(tmp_path: Path) -> None:
    assert not look_at(tmp_path).is_compiled
