"""What the compiler made of a model is read to the byte, and damage is told in words."""

from __future__ import annotations

import csv
import dataclasses
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.executable import CompiledFile, Executable, read_compiled
from coralexp.errors import ModelFileError
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from coralexp.tflite.graph import ModelFile

LSTM = "keras_lstm_mnist_ptq_edgetpu"
SPLIT = "deeplabv3_mnv2_dm05_pascal_quant_edgetpu"


@pytest.fixture(scope="session")
def models(shared: Path) -> Path:
    return shared / "edgetpu" / "models"


def compiled(path: Path) -> CompiledFile:
    found = read_compiled(read_model_file(path))
    assert found is not None
    return found


def shapes(layers) -> str:
    return " ".join("x".join(str(size) for size in layer.shape) for layer in layers)


def row_of(path: Path) -> dict[str, str]:
    """Return what is read of a compiled file, in the columns of the evidence."""
    model = read_model_file(path)
    file = compiled(path)
    (segment,) = file.segments
    by_type: dict[str, Executable] = {each.type: each for each in segment.executables}
    run, cache = by_type["EXECUTION_ONLY"], by_type["PARAMETER_CACHING"]
    assert run.transfers is not None
    assert cache.transfers is not None
    row = {
        "file_bytes": model.size_bytes,
        "n_edgetpu_ops": len(file.segments),
        "cpu_ops": ";".join(file.cpu_operators),
        "segment": 0,
        "min_runtime": file.minimum_runtime,
        "compiler": file.compiler,
        "types": "+".join(each.type for each in segment.executables),
        "exec_instr_bytes": run.instruction_bytes,
        "exec_n_bitstreams": run.instruction_streams,
        "exec_param_blob_bytes": run.streamed_parameter_bytes,
        "exec_dma_param_bytes": run.transfers.parameters,
        "dma_in_act": run.input_bytes,
        "dma_out_act": run.output_bytes,
        "dma_scratch_in": run.transfers.scratch_in,
        "dma_scratch_out": run.transfers.scratch_out,
        "scratch_bytes": run.scratch_bytes,
        "narrow_mem_per_tile": run.narrow_memory_bytes_per_tile,
        "inputs": shapes(run.inputs),
        "outputs": shapes(run.outputs),
        "est_cycles": run.estimated_cycles or 0,
        "cache_instr_bytes": cache.instruction_bytes,
        "cache_n_bitstreams": cache.instruction_streams,
        "cache_param_blob_bytes": cache.cached_parameter_bytes,
        "cache_dma_param_bytes": cache.transfers.parameters,
    }
    return {column: str(value) for column, value in row.items()}


def test_every_figure_of_the_evidence_is_equal_to_the_byte(shared: Path, models: Path) -> None:
    with (shared / "edgetpu" / "compiled_executables.csv").open() as file:
        rows = {PurePosixPath(row.pop("file")).name: row for row in csv.DictReader(file)}
    here = [name for name in rows if (models / name).is_file()]

    assert len(here) == 6
    assert {name: row_of(models / name) for name in here} == {name: rows[name] for name in here}


def test_a_model_that_is_not_compiled_has_nothing_of_the_kind(models: Path) -> None:
    for name in ("mobilenet_v2_1.0_224_quant", "model_invoking_error"):
        assert read_compiled(read_model_file(models / f"{name}.tflite")) is None


def test_cached_parameters_are_loaded_once_and_streamed_ones_every_time(models: Path) -> None:
    file = compiled(models / f"{LSTM}.tflite")

    assert (file.cached_parameter_bytes, file.streamed_parameter_bytes) == (43_968, 576)
    assert [
        (each.type, each.cached_parameter_bytes, each.streamed_parameter_bytes)
        for each in file.executables
    ] == [("EXECUTION_ONLY", 0, 576), ("PARAMETER_CACHING", 43_968, 0)]


def test_layers_are_described_even_where_the_hints_leave_them_out(models: Path) -> None:
    run = compiled(models / f"{LSTM}.tflite").executables[0]
    answer = run.outputs[0]

    assert run.transfers is not None
    assert not run.transfers.complete
    assert (run.output_bytes, run.output_layer_bytes) == (0, 80)
    assert (answer.name, answer.dimensions, answer.dtype, answer.scale, answer.zero_point) == (
        "StatefulPartitionedCall:0",
        (1, 10),
        "uint8",
        1 / 256,
        0,
    )


def test_what_the_compiler_did_not_estimate_is_unknown(models: Path) -> None:
    run = compiled(models / f"{SPLIT}.tflite").executables[0]

    assert run.estimated_cycles is None
    assert (run.chip, run.batch_size) == ("beagle", 1)


def with_options(path: Path, options: bytes) -> ModelFile:
    """Return a compiled model whose custom operator carries other bytes."""
    model = read_model_file(path)
    graph = model.main
    operators = [
        dataclasses.replace(operator, custom_options=memoryview(options))
        for operator in graph.operators
    ]
    return dataclasses.replace(model, subgraphs=(dataclasses.replace(graph, operators=operators),))


@pytest.mark.parametrize(
    "options", [b"", b"\x00", b"\x24\x01\x01", b"\xff" * 9, bytes(100)], ids=str
)
def test_an_operator_without_executables_is_refused_in_words(models: Path, options: bytes) -> None:
    model = with_options(models / f"{LSTM}.tflite", options)

    with pytest.raises(ModelFileError, match=r"operator 0 \(edgetpu-custom-op\) is damaged: "):
        read_compiled(model)
