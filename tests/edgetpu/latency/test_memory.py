"""Parameters stay on the chip by whole tensors, as long as there is room."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest
from chain import Chain, placed

from coralexp.edgetpu.executable import read_compiled
from coralexp.edgetpu.latency.memory import as_compiled, parameter_memory
from coralexp.edgetpu.latency.work import work_of
from coralexp.tflite.reader import read_graph, read_model_file

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.edgetpu.latency.memory import Memory

MIB = 2**20


def dense_memory(*units: int, values: int = 64) -> Memory:
    chain = Chain((1, values))
    for count in units:
        chain.dense(count)
    return parameter_memory(chain.graph(), placed(chain.graph()))


def test_what_fits_stays() -> None:
    memory = dense_memory(1000, 1000, 10)

    assert memory.off_chip_bytes == 0
    assert memory.streamed == {}
    assert memory.on_chip_bytes == 64 * 1024 + 1000 * 1024 + 1000 * 64


def test_a_tensor_goes_whole() -> None:
    memory = dense_memory(2000, 2000, 2000, 2000, 10)
    layer = 2000 * 2048

    assert memory.off_chip_bytes % layer == 0
    assert memory.off_chip_bytes == 2 * layer  # one of three stays: 4.19 MiB on, 7.89 MiB off chip


def test_dense_stacks_are_split_as_the_compiler_split_them(shared: Path) -> None:
    with (shared / "edgetpu" / "layer_microbenchmarks.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["architecture"].startswith("Dense: 64 -> N")]
    wrong = []
    for row in rows:
        units = int(row["width_param"])
        memory = dense_memory(units, units, units, units, 10)
        if memory.off_chip_bytes / MIB != pytest.approx(float(row["offchip_mib"]), abs=0.02):
            wrong.append(units)

    assert len(rows) == 64
    assert wrong == []


def test_convolution_stacks_are_split_as_the_compiler_split_them(shared: Path) -> None:
    with (shared / "edgetpu" / "layer_microbenchmarks.csv").open(encoding="utf-8") as file:
        rows = [r for r in csv.DictReader(file) if r["architecture"].startswith("5 x Conv2D 3x3")]
    wrong = []
    for row in rows:
        chain = Chain((1, 64, 64, 3))
        for _ in range(5):
            chain.conv(int(row["width_param"]))
        memory = parameter_memory(chain.graph(), placed(chain.graph()))
        if memory.off_chip_bytes / MIB != pytest.approx(float(row["offchip_mib"]), abs=0.02):
            wrong.append(int(row["width_param"]))

    assert len(rows) == 68
    assert wrong == []


def test_large_activations_leave_less_room() -> None:
    small = Chain((1, 4, 4, 512)).conv(1024).conv(512).graph()
    large = Chain((1, 64, 64, 512)).conv(1024).conv(512).graph()

    assert parameter_memory(small, placed(small)).on_chip_bytes > 0
    assert (
        parameter_memory(large, placed(large)).on_chip_bytes
        <= parameter_memory(small, placed(small)).on_chip_bytes
    )


def test_operators_on_the_cpu_take_no_room() -> None:
    graph = Chain((1, 64)).dense(1000).dense(1000).graph()

    assert parameter_memory(graph, placed(graph, 1)).on_chip_bytes == 64 * 1024


def test_a_compiled_file_is_believed(shared: Path) -> None:
    folder = shared / "edgetpu" / "models"
    name = "mobilenet_v1_0.75_192_quant"
    graph = read_graph(folder / f"{name}.tflite")
    compiled = read_compiled(read_model_file(folder / f"{name}_edgetpu.tflite"))
    works = {operator.index: work_of(graph, operator) for operator in graph.operators}

    assert compiled is not None
    told = as_compiled(parameter_memory(graph, placed(graph)), works, list(works), compiled)
    assert (told.on_chip_bytes, told.off_chip_bytes, told.streamed) == (2_777_600, 0, {})
