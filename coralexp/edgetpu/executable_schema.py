"""One executable of a compiled file: what it loads, what it sends, what it needs.

Schema: executable/executable.fbs of google-coral/libedgetpu, whose numbers of fields these are.
"""

from __future__ import annotations

import struct
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.tflite.flatbuffer import Flatbuffer

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.tflite.flatbuffer import Budget, Table

ExecutableType = Literal["STAND_ALONE", "PARAMETER_CACHING", "EXECUTION_ONLY"]

_TYPES: tuple[ExecutableType, ...] = ("STAND_ALONE", "PARAMETER_CACHING", "EXECUTION_ONLY")
_DTYPES = {
    0: "uint8",
    1: "uint16",
    2: "int32",
    3: "bfloat16",
    4: "float16",
    5: "float32",
    8: "int8",
    9: "int16",
}
_OUTPUT, _INPUT, _PARAMETER, _SCRATCH = range(4)  # what a transfer is about: enum Description
_DESCRIPTOR = 1  # kind of a hint that stands for a transfer: union AnyHint
_RANGE = struct.Struct("<ii")  # of a dimension: first and last index


@dataclass(frozen=True)
class Layer:
    """One input or output of an executable.

    Attributes:
        name: Of the tensor, as in the model that was compiled.
        shape: `(y, x, z)`; a side that the tensor does not have is 1.
        dimensions: Sizes of the tensor with its batch; empty where older compilers left them out.
        dtype: Such as `uint8`; None if the file names a type that the public schema does not.
        size_bytes: For one execution of a batch of one, with padding.
        executions: How often the layer is passed for one inference, as by a recurrent network.
        scale: Of the quantization; None if the file does not tell.
        zero_point: The same.
    """

    name: str
    shape: tuple[int, int, int]
    dimensions: tuple[int, ...]
    dtype: str | None
    size_bytes: int
    executions: int
    scale: float | None
    zero_point: int | None

    @property
    def total_bytes(self) -> int:
        """Bytes that pass for one inference of a batch of one, with padding."""
        return self.size_bytes * self.executions


@dataclass(frozen=True)
class Transfers:
    """Bytes that one run of an executable moves, as its hints for the driver say.

    Attributes:
        inputs: Activations to the chip.
        outputs: Activations from the chip.
        parameters: To the chip; a parameter that is sent twice counts twice.
        scratch_in: Intermediate results that come back to the chip from the host's memory.
        scratch_out: The same, on their way out.
        complete: Whether the hints cover every transfer.
    """

    inputs: int
    outputs: int
    parameters: int
    scratch_in: int
    scratch_out: int
    complete: bool


@dataclass(frozen=True)
class Executable:
    """A program for the chip, with its parameters.

    Attributes:
        type: `PARAMETER_CACHING` loads parameters once, `EXECUTION_ONLY` runs an inference with
            them, `STAND_ALONE` runs one and brings its parameters along every time.
        name: That the compiler gave; mostly empty.
        chip: That it was compiled for, such as `beagle`; None if the file does not tell.
        batch_size: Inputs that one run takes, at least 1.
        parameter_bytes: Parameters that the file holds for this executable.
        instruction_bytes: Of all streams of instructions; they are sent with every run.
        instruction_streams: How many these are.
        scratch_bytes: Memory of the host that a run needs for a batch of one.
        narrow_memory_bytes_per_tile: Memory of each of the chip's tiles that the run uses.
        transfers: What a run moves; None if the file does not tell.
        inputs: What an inference takes; empty for `PARAMETER_CACHING`.
        outputs: What it gives.
        estimated_cycles: Clock cycles of a run; None if the compiler did not estimate them.
        caching_token: Executables of one token share the memory for cached parameters.
    """

    type: ExecutableType
    name: str
    chip: str | None
    batch_size: int
    parameter_bytes: int
    instruction_bytes: int
    instruction_streams: int
    scratch_bytes: int
    narrow_memory_bytes_per_tile: int
    transfers: Transfers | None
    inputs: tuple[Layer, ...]
    outputs: tuple[Layer, ...]
    estimated_cycles: int | None
    caching_token: int

    @property
    def cached_parameter_bytes(self) -> int:
        """Parameters that are loaded once and stay on the chip; 0 but for `PARAMETER_CACHING`."""
        return self.parameter_bytes if self.type == "PARAMETER_CACHING" else 0

    @property
    def streamed_parameter_bytes(self) -> int:
        """Parameters that do not stay on the chip, so that each inference sends them again.

        They are those of `EXECUTION_ONLY` and `STAND_ALONE`; 0 for `PARAMETER_CACHING`.
        """
        return 0 if self.type == "PARAMETER_CACHING" else self.parameter_bytes

    @property
    def input_bytes(self) -> int:
        """Activations that the hints of a run send to the chip; without hints, of the layers.

        Hints that are not `complete` list less than what passes: compare `input_layer_bytes`.
        """
        return self.input_layer_bytes if self.transfers is None else self.transfers.inputs

    @property
    def output_bytes(self) -> int:
        """Activations that the hints of a run bring back; without hints, of the layers.

        Hints that are not `complete` list less than what passes: compare `output_layer_bytes`.
        """
        return self.output_layer_bytes if self.transfers is None else self.transfers.outputs

    @property
    def input_layer_bytes(self) -> int:
        """Activations that a run takes by the sizes of its layers, with padding."""
        return self.batch_size * sum(layer.total_bytes for layer in self.inputs)

    @property
    def output_layer_bytes(self) -> int:
        """Activations that a run gives by the sizes of its layers, with padding."""
        return self.batch_size * sum(layer.total_bytes for layer in self.outputs)


def read_executable(data: memoryview, budget: Budget) -> Executable:
    """Return what a serialized executable says.

    Raises:
        ValueError: If the bytes are no executable.
    """
    table = Flatbuffer(data, budget).root()
    kind = table.int16(13)
    if not 0 <= kind < len(_TYPES):
        raise ValueError(f"an executable of the unknown type {kind}")
    streams = [len(stream.vector(0)) for stream in table.tables(5)]
    return Executable(
        type=_TYPES[kind],
        name=table.text(1),
        chip=table.text(10) or None,
        batch_size=_size(table, 3, least=1),
        parameter_bytes=len(table.vector(6)),
        instruction_bytes=sum(streams),
        instruction_streams=len(streams),
        scratch_bytes=_size(table, 4),
        narrow_memory_bytes_per_tile=_size(table, 12),
        transfers=_transfers(table.table(7)),
        inputs=tuple(_layer(layer) for layer in table.tables(8)),
        outputs=tuple(_layer(layer) for layer in table.tables(9)),
        estimated_cycles=table.int64(16) or table.int32(11) or None,
        caching_token=table.uint64(14),
    )


def _transfers(hints: Table | None) -> Transfers | None:
    if hints is None:
        return None
    total: Counter[tuple[int, int]] = Counter()
    for subject, direction, size in _descriptors(hints):
        total[subject, direction] += size
    infeed, outfeed = 0, 1
    return Transfers(
        inputs=total[_INPUT, infeed],
        outputs=total[_OUTPUT, outfeed],
        parameters=total[_PARAMETER, infeed],
        scratch_in=total[_SCRATCH, infeed],
        scratch_out=total[_SCRATCH, outfeed],
        complete=bool(hints.uint8(1)),
    )


def _descriptors(hints: Table) -> Iterator[tuple[int, int, int]]:
    for hint in hints.tables(0):
        descriptor = hint.table(1)
        if hint.uint8(0) != _DESCRIPTOR or descriptor is None:
            continue
        meta = descriptor.table(0)
        subject = 0 if meta is None else meta.int16(0)
        yield subject, hint.int16(2), _size(descriptor, 2)


def _layer(layer: Table) -> Layer:
    numerics = layer.table(5)
    shape = layer.table(11)
    return Layer(
        name=layer.text(0),
        shape=(_size(layer, 2), _size(layer, 3), _size(layer, 4)),
        dimensions=() if shape is None else _dimensions(shape),
        dtype=_DTYPES.get(layer.int16(6)),
        size_bytes=_size(layer, 1),
        executions=_size(layer, 9, default=1),
        scale=None if numerics is None else numerics.float32(1),
        zero_point=None if numerics is None else numerics.int32(0),
    )


def _dimensions(shape: Table) -> tuple[int, ...]:
    content = shape.vector(0, _RANGE.size)
    shape.source.budget.charge_items(len(content) // _RANGE.size)
    return tuple(last - first + 1 for first, last in _RANGE.iter_unpack(content))


def _size(table: Table, place: int, *, least: int = 0, default: int = 0) -> int:
    size = table.int32(place, default)
    if size < least:
        raise ValueError(f"a size of {size}")
    return size
