"""Which parameters stay on the chip, and which are sent with every inference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.edgetpu.latency.work import work_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from coralexp.edgetpu.executable import CompiledFile
    from coralexp.edgetpu.latency.work import Work
    from coralexp.edgetpu.placement import Placement
    from coralexp.tflite.graph import Graph

_MIB = 2**20
# What compilers print as used and remaining adds up to 6.9 to 7.2 MiB for image networks and to
# 7.7 to 7.9 MiB for networks of small activations (compiler logs; Jorgitou98's FC_MACs results).
_MOST_BYTES = round(7.8 * _MIB)
_IMAGES_BYTES = round(7.0 * _MIB)
_RESERVED_PER_ACTIVATION_BYTE = 0.9
# Of the dense stacks, 6.75 MiB in one tensor stayed on the chip, 7.17 MiB never did.
_LARGEST_TENSOR_BYTES = 7 * _MIB


@dataclass(frozen=True)
class Memory:
    """Where the parameters of a model are.

    Attributes:
        on_chip_bytes: Sent once, with the first inference.
        off_chip_bytes: Sent with every inference.
        streamed: Operator indices to the bytes that are sent with every inference.
    """

    on_chip_bytes: int
    off_chip_bytes: int
    streamed: Mapping[int, int]


def parameter_memory(graph: Graph, placement: Placement) -> Memory:
    """Return where the parameters of the operators on the chip would be.

    Whole tensors stay or go, in the order of execution, as long as there is room.

    Args:
        graph: Main subgraph.
        placement: Of its operators.
    """
    mapped = {o.index for o in placement.operators if o.placement == "edgetpu"}
    works = {o.index: work_of(graph, o) for o in graph.operators if o.index in mapped}
    return allocate(works, tuple(works))


def allocate(works: Mapping[int, Work], order: Sequence[int] | Collection[int]) -> Memory:
    """Return where the parameters of operators would be, given what each asks of the chip."""
    room = cache_bytes([works[index] for index in order])
    streamed: dict[int, int] = {}
    kept = 0
    for index in sorted(order):
        size = works[index].parameter_bytes
        if kept + size <= room and size < _LARGEST_TENSOR_BYTES:
            kept += size
        else:
            streamed[index] = size
    return Memory(kept, sum(streamed.values()), streamed)


def cache_bytes(works: Sequence[Work]) -> int:
    """Return how many bytes of parameters stay on the chip beside these activations."""
    peak = max((work.activation_bytes for work in works), default=0)
    return max(round(_MOST_BYTES - _RESERVED_PER_ACTIVATION_BYTE * peak), _IMAGES_BYTES)


def as_compiled(
    guess: Memory, works: Mapping[int, Work], order: Sequence[int], compiled: CompiledFile
) -> Memory:
    """Return a memory with the bytes that the compiler told.

    It does not tell which operators' parameters are sent each time. The guess is taken where it
    says any; else the smallest operators are.
    """
    cached, streamed = compiled.cached_parameter_bytes, compiled.streamed_parameter_bytes
    if not streamed:
        return Memory(cached, 0, {})
    which = dict(guess.streamed)
    for index in sorted(order, key=lambda index: works[index].parameter_bytes):
        if sum(which.values()) >= streamed:
            break
        which.setdefault(index, works[index].parameter_bytes)
    whole = sum(which.values())
    return Memory(cached, streamed, {i: round(b * streamed / whole) for i, b in which.items()})
