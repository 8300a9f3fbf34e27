"""What the Edge TPU compiler made of a model, read from the file that it wrote.

The operator `edgetpu-custom-op` carries a flexbuffer map; in its entries `4` and `7` lie packages
(flatbuffers of identifier DWN1), one a chip; in a package lies a serialized list of executables.
Source: tflite/custom_op_data.cc, driver/package_registry.cc and executable/executable.fbs of
google-coral/libedgetpu.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.edgetpu.executable_schema import Executable, Layer, Transfers, read_executable
from coralexp.edgetpu.flexbuffer import root_value
from coralexp.errors import ModelFileError
from coralexp.tflite.flatbuffer import Flatbuffer, budget_for

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.tflite.flatbuffer import Budget
    from coralexp.tflite.graph import ModelFile

__all__ = [
    "CUSTOM_OP",
    "CompiledFile",
    "Executable",
    "Layer",
    "Package",
    "Segment",
    "Transfers",
    "read_compiled",
]

CUSTOM_OP = "edgetpu-custom-op"
_IDENTIFIER = b"DWN1"
_FIRST, _FURTHER = b"4", b"7"  # keys of the packages


@dataclass(frozen=True)
class Package:
    """Executables that belong together, for one chip.

    Attributes:
        minimum_runtime: Version of the runtime that it needs, such as 12; None if it needs none.
        compiler: As the compiler names itself; None if it does not.
        model_identifier: That the user gave to the compiler; mostly empty.
        virtual_chip: Index of the chip among several; 0 for a single one.
        executables: In the order of the file.
    """

    minimum_runtime: int | None
    compiler: str | None
    model_identifier: str
    virtual_chip: int
    executables: tuple[Executable, ...]


@dataclass(frozen=True)
class Segment:
    """One operator that the chip runs.

    Attributes:
        subgraph: Index of the graph that the operator is in.
        operator: Index of the operator there.
        packages: Mostly one; further ones are for other chips.
    """

    subgraph: int
    operator: int
    packages: tuple[Package, ...]

    @property
    def executables(self) -> tuple[Executable, ...]:
        """Of the first package, which is the one that a single chip runs."""
        return self.packages[0].executables


@dataclass(frozen=True)
class CompiledFile:
    """A file that the Edge TPU compiler wrote.

    Attributes:
        segments: One an operator that the chip runs, in the order of execution, at least one.
        cpu_operators: Names of the operators that are left on the CPU, in the order of execution.
    """

    segments: tuple[Segment, ...]
    cpu_operators: tuple[str, ...]

    @property
    def executables(self) -> tuple[Executable, ...]:
        """Of every segment."""
        return tuple(e for segment in self.segments for e in segment.executables)

    @property
    def minimum_runtime(self) -> int | None:
        """The newest version of the runtime that a part of it needs; None if none is named."""
        packages = [package for segment in self.segments for package in segment.packages]
        return max(
            (p.minimum_runtime for p in packages if p.minimum_runtime is not None), default=None
        )

    @property
    def compiler(self) -> str | None:
        """As the compiler names itself in the first package that names one."""
        packages = [package for segment in self.segments for package in segment.packages]
        return next((p.compiler for p in packages if p.compiler), None)

    @property
    def cached_parameter_bytes(self) -> int:
        """Parameters that are loaded into the chip once and stay there."""
        return sum(executable.cached_parameter_bytes for executable in self.executables)

    @property
    def streamed_parameter_bytes(self) -> int:
        """Parameters that every inference sends to the chip."""
        return sum(executable.streamed_parameter_bytes for executable in self.executables)


def read_compiled(model: ModelFile) -> CompiledFile | None:
    """Return what the compiler made of a model; None for a model that is not compiled.

    Raises:
        ModelFileError: If an operator that the chip runs carries no executables, or damaged ones.
    """
    budget = budget_for(model.size_bytes)
    segments: list[Segment] = []
    cpu: list[str] = []
    for place, graph in enumerate(model.subgraphs):
        for operator in graph.operators:
            if not (operator.is_custom and operator.name == CUSTOM_OP):
                cpu.append(operator.name)
                continue
            try:
                packages = tuple(_packages(operator.custom_options, budget))
            except ValueError as error:
                raise ModelFileError(
                    f"{model.path}: operator {operator.index} ({CUSTOM_OP}) is damaged: {error}"
                ) from error
            segments.append(Segment(place, operator.index, packages))
    return CompiledFile(tuple(segments), tuple(cpu)) if segments else None


def _packages(options: memoryview, budget: Budget) -> Iterator[Package]:
    fields = root_value(options, budget).fields()
    first = fields.get(_FIRST)
    content = None if first is None else first.content()
    if content is None:
        raise ValueError("it carries no executable")
    contents = [content]
    if _FURTHER in fields:
        further = [value.content() for value in fields[_FURTHER].items()]
        contents += [each for each in further if each is not None]
    for each in contents:
        yield from _package(each, budget)


def _package(data: memoryview, budget: Budget, *, nested: bool = False) -> Iterator[Package]:
    if bytes(data[4:8]) != _IDENTIFIER:
        raise ValueError("its executable is of an unknown format (its identifier is not DWN1)")
    table = Flatbuffer(data, budget).root()
    parts = [part.vector(0) for part in table.tables(6)]
    if parts and not nested:  # a package of packages, one a chip
        for part in parts:
            yield from _package(part, budget, nested=True)
        return
    serialized = Flatbuffer(table.vector(1), budget).root()
    executables = tuple(read_executable(each, budget) for each in serialized.strings(0))
    if not executables:
        raise ValueError("it carries no executable")
    minimum = table.int32(0)
    yield Package(
        minimum if minimum > 0 else None,
        table.text(4) or None,
        table.text(7),
        table.int32(5),
        executables,
    )
