"""Which of the operators that could run on the Edge TPU do: those of one subgraph, or all.

The compiler works as a delegate of TensorFlow Lite, whose partitioner
(tensorflow/lite/graph_info.cc of 2.5) takes turns: all operators that are ready and of the kind
of the first ready one, on the chip or not, with everything of that kind that becomes ready by
them; then those of the other kind; and so on. Each turn on the chip is a subgraph, and without
several subgraphs only the first is kept. So an operator is left out if it depends on one that
cannot be mapped, not if it merely comes later in the file; and a QUANTIZE of real numbers at the
model's input, which cannot be mapped, costs nothing, for it makes the turn before the first.

Seen so: a network between a QUANTIZE and a DEQUANTIZE of real numbers is mapped but for the two;
of YOLO networks whose second or third operator is not supported, one or two are mapped.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.tflite.graph import Graph


def first_subgraph(graph: Graph, mappable: Sequence[bool]) -> frozenset[int]:
    """Return the places of the operators that make the first subgraph on the chip.

    Args:
        graph: Its operators are addressed by their place in the order of execution.
        mappable: Whether each could run on the chip, by itself.
    """
    turns = _Turns(graph, mappable)
    first = turns.next_turn()
    if not first or mappable[first[0]]:
        return frozenset(first)
    return frozenset(turns.next_turn())


def blockers(graph: Graph, mappable: Sequence[bool]) -> list[int | None]:
    """Return for each operator the first one it depends on that cannot be mapped; None if none."""
    found: list[int | None] = []
    of_tensor: dict[int, int] = {}
    for place, operator in enumerate(graph.operators):
        before = [of_tensor[index] for index in operator.inputs if index in of_tensor]
        blocker = min(before, default=None)
        found.append(blocker)
        if blocker is None and not mappable[place]:
            blocker = place
        if blocker is not None:
            of_tensor.update(dict.fromkeys(operator.outputs, blocker))
    return found


@dataclass
class _Turns:
    graph: Graph
    mappable: Sequence[bool]
    waiting: list[int] = field(init=False)
    readers: dict[int, list[int]] = field(init=False)
    ready: dict[bool, list[int]] = field(init=False)

    def __post_init__(self) -> None:
        operators = self.graph.operators
        written = {index for operator in operators for index in operator.outputs if index >= 0}
        self.waiting, self.readers, self.ready = [], {}, {True: [], False: []}
        for place, operator in enumerate(operators):
            needed = {index for index in operator.inputs if index in written}
            self.waiting.append(len(needed))
            for index in needed:
                self.readers.setdefault(index, []).append(place)
            if not needed:
                self.ready[self.mappable[place]].append(place)
        self.done: set[int] = set()

    def next_turn(self) -> list[int]:
        """Return the operators of the next turn; none if nothing is ready."""
        if not self.ready[True] and not self.ready[False]:
            return []
        kind = min((heap[0], kind) for kind, heap in self.ready.items() if heap)[1]
        turn, heap = [], self.ready[kind]
        while heap:
            place = heapq.heappop(heap)
            turn.append(place)
            for index in self.graph.operators[place].outputs:
                self.tell_readers(index)
        return turn

    def tell_readers(self, index: int) -> None:
        """Count a tensor as written, once, and add the operators that waited for it alone."""
        if index in self.done:
            return
        self.done.add(index)
        for reader in self.readers.get(index, ()):
            self.waiting[reader] -= 1
            if self.waiting[reader] == 0:
                heapq.heappush(self.ready[self.mappable[reader]], reader)
