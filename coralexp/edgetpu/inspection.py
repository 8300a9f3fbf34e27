"""Everything that is known of one .tflite file: where it runs, what stays on the chip, how long.

Of a source model it is predicted; of a file that the Edge TPU compiler wrote, it is read.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.edgetpu.compiled_placement import compiled_placement
from coralexp.edgetpu.executable import CUSTOM_OP, read_compiled
from coralexp.edgetpu.latency.memory import parameter_memory
from coralexp.edgetpu.latency.predict import predict
from coralexp.edgetpu.place import place
from coralexp.edgetpu.placement import OperatorPlacement, Placement
from coralexp.edgetpu.rules.contract import MAPPED
from coralexp.errors import ModelFileError
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.edgetpu.executable import CompiledFile, Executable
    from coralexp.edgetpu.inspection_record import Record
    from coralexp.edgetpu.latency.contract import Latency
    from coralexp.edgetpu.latency.platform import Platform
    from coralexp.edgetpu.placement import Where
    from coralexp.tflite.graph import Graph, ModelFile, Operator

Kind = Literal["source", "compiled"]


@dataclass(frozen=True)
class InspectedOperator:
    """One operator of the file's main subgraph.

    Attributes:
        placed: Where it runs, and why.
        macs: Multiplications with addition; None for what the compiler made, which does not tell.
        parameter_bytes: Of the constants that it reads; of the executables in what the compiler
            made.
        activation_bytes: Of the computed tensors that it reads and writes.
    """

    placed: OperatorPlacement
    macs: int | None
    parameter_bytes: int
    activation_bytes: int


@dataclass(frozen=True)
class Inspection:
    """What is known of a file.

    Attributes:
        model: What is in the file.
        sha256: Of the file, in hexadecimal digits.
        placement: Of its operators. In a compiled file the operator that the compiler made stands
            for all that it holds.
        compiled: The executables; None for a source model.
        on_chip_bytes: Parameters that stay on the chip; None if the chip cannot run the model.
        off_chip_bytes: Parameters that every inference sends to the chip; None as above.
        latencies: Names of devices to the time of one inference there; None where the chip cannot
            run the model, or the device has none.
    """

    model: ModelFile
    sha256: str
    placement: Placement
    compiled: CompiledFile | None
    on_chip_bytes: int | None
    off_chip_bytes: int | None
    latencies: Mapping[str, Latency | None]

    @property
    def kind(self) -> Kind:
        """Whether the compiler wrote the file."""
        return "source" if self.compiled is None else "compiled"

    @property
    def accepted(self) -> bool:
        """Whether the compiler took the model, or would take it."""
        return self.placement.accepted

    @property
    def operators(self) -> tuple[InspectedOperator, ...]:
        """Of the main subgraph, in the order of execution."""
        graph = self.model.main
        held = _held_parameters(self.compiled)
        return tuple(
            InspectedOperator(
                placed,
                None if operator.index in held else operator.macs,
                held.get(operator.index, graph.parameter_bytes_of(operator)),
                graph.activation_bytes_of(operator),
            )
            for placed, operator in zip(self.placement.operators, graph.operators, strict=True)
        )

    def count(self, where: Where) -> int:
        """Return how many of the file's operators run there."""
        return self.placement.count(where)

    @property
    def mapped_ratio(self) -> float | None:
        """Share of the model's operators on the Edge TPU, in [0, 1]; unknown ones are not mapped.

        A compiled file does not say how many operators are in an executable. So it is 1 where
        nothing is left outside, and None where something is.
        """
        if self.compiled is None:
            return self.placement.mapped_ratio
        return None if self.compiled.cpu_operators else 1.0

    @property
    def macs(self) -> int | None:
        """Multiplications with addition of one inference; None for a compiled file."""
        return self.model.main.macs if self.compiled is None else None

    @property
    def parameter_bytes(self) -> int:
        """Bytes of the constants; in a compiled file as the executables hold them, with padding."""
        held = sum(_held_parameters(self.compiled).values())
        return held + self.model.main.parameter_bytes

    @property
    def input_bytes(self) -> int:
        """Bytes of the model's inputs."""
        return self.model.main.bytes_of(self.model.main.inputs)

    @property
    def output_bytes(self) -> int:
        """Bytes of the model's outputs."""
        return self.model.main.bytes_of(self.model.main.outputs)

    @property
    def executables(self) -> tuple[Executable, ...]:
        """Programs for the chip; empty for a source model."""
        return () if self.compiled is None else self.compiled.executables

    def to_dict(self, *, tensors: bool = False) -> Record:
        """Return it under public names, as plain values, see `inspection_record`.

        Args:
            tensors: Whether the tensors are told, too.
        """
        from coralexp.edgetpu.inspection_record import record

        return record(self, tensors=tensors)

    def to_json(self, *, tensors: bool = False) -> str:
        """Return the same as text: what `coralexp inspect --json` prints."""
        return json.dumps(self.to_dict(tensors=tensors), indent=1, allow_nan=False)


def inspect(
    path: Path,
    platforms: Mapping[str, Platform | None],
    *,
    multiple_subgraphs: bool = False,
    made_of_it: Path | None = None,
) -> Inspection:
    """Read a file, and tell where it runs and how long that takes.

    Args:
        path: Any .tflite file.
        platforms: Names of devices to what decides the time there; None for a device without an
            Edge TPU.
        multiple_subgraphs: Whether the compiler would be asked for several subgraphs (`-a`); means
            nothing for a file that is compiled already.
        made_of_it: What the compiler made of the file: then it tells where operators run, what
            stays on the chip, and how many instructions there are.

    Raises:
        ModelFileError: If a file cannot be read, or is not what it should be.
    """
    model = read_model_file(path)
    compiled = read_compiled(model)
    if made_of_it is not None and compiled is None:
        return _told(model, read_model_file(made_of_it), platforms)
    if compiled is not None:
        placement = _compiled_placement(model.main)
    else:
        placement = place(model, multiple_subgraphs=multiple_subgraphs)
    return Inspection(
        model,
        digest(path),
        placement,
        compiled,
        *_parameters(model, placement, compiled),
        _latencies(model, placement, compiled, platforms),
    )


def _told(
    model: ModelFile, made: ModelFile, platforms: Mapping[str, Platform | None]
) -> Inspection:
    """Return what is known of a model and of what the compiler made of it."""
    compiled = read_compiled(made)
    if compiled is None:
        raise ModelFileError(f"{made.path}: is no file that the Edge TPU compiler wrote")
    placement = compiled_placement(model.main, made.main, place(model), ())
    same_ends = _ends(model.main) == _ends(made.main)
    if not same_ends or placement.count("cpu") != len(compiled.cpu_operators):
        raise ModelFileError(f"{made.path}: was not made of {model.path}: their tensors differ")
    latencies = {
        name: None
        if platform is None
        else predict(model.main, placement, platform, compiled=compiled)
        for name, platform in platforms.items()
    }
    cached, streamed = compiled.cached_parameter_bytes, compiled.streamed_parameter_bytes
    return Inspection(model, digest(model.path), placement, None, cached, streamed, latencies)


def _ends(graph: Graph) -> list[tuple[tuple[int, ...], str]]:
    """Return shapes and dtypes of what goes in and comes out."""
    tensors = [graph.tensors[index] for index in (*graph.inputs, *graph.outputs)]
    return [(tensor.shape, tensor.dtype) for tensor in tensors]


def _parameters(
    model: ModelFile, placement: Placement, compiled: CompiledFile | None
) -> tuple[int | None, int | None]:
    """Return the bytes of parameters on the chip, and of those that are sent each time."""
    if compiled is not None:
        return compiled.cached_parameter_bytes, compiled.streamed_parameter_bytes
    if not placement.count("edgetpu"):
        return None, None
    memory = parameter_memory(model.main, placement)
    return memory.on_chip_bytes, memory.off_chip_bytes


def _latencies(
    model: ModelFile,
    placement: Placement,
    compiled: CompiledFile | None,
    platforms: Mapping[str, Platform | None],
) -> Mapping[str, Latency | None]:
    runs = compiled is None and placement.count("edgetpu") > 0
    return {
        name: predict(model.main, placement, platform) if runs and platform is not None else None
        for name, platform in platforms.items()
    }


def _compiled_placement(graph: Graph) -> Placement:
    """Return what a compiled file tells of its operators; not why some were left outside."""
    return Placement((), tuple(_compiled_operator(operator) for operator in graph.operators))


def _compiled_operator(operator: Operator) -> OperatorPlacement:
    if operator.is_custom and operator.name == CUSTOM_OP:
        return OperatorPlacement(operator.index, operator.name, operator.version, "edgetpu", MAPPED)
    return OperatorPlacement(
        operator.index,
        operator.name,
        operator.version,
        "cpu",
        status="",
        reason="the compiler left it on the CPU; the file does not say why",
        advice="inspect the model that was compiled: it tells what keeps an operator off the chip",
    )


def digest(path: Path) -> str:
    """Return the SHA-256 of a file, in hexadecimal digits.

    Raises:
        ModelFileError: If it cannot be read.
    """
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise ModelFileError(f"{path}: cannot be read ({error.strerror})") from error


def _held_parameters(compiled: CompiledFile | None) -> Mapping[int, int]:
    """Return the operators of the main subgraph that the compiler made, each with its bytes."""
    if compiled is None:
        return {}
    return {
        segment.operator: sum(executable.parameter_bytes for executable in segment.executables)
        for segment in compiled.segments
        if segment.subgraph == 0
    }
