"""Which operators on the chip run in one go."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from coralexp.tflite.graph import Graph, Operator


def invocations(graph: Graph, mapped: Collection[int]) -> Mapping[int, list[Operator]]:
    """Return the operators of each invocation, by the index of every operator in it.

    An operator waits for the next invocation if it needs what the CPU made of an earlier one's
    results; so a delegate cuts a graph in TensorFlow Lite.

    Args:
        graph: Main subgraph.
        mapped: Indices of the operators on the chip.
    """
    turn_of_tensor: dict[int, int] = {}  # how many invocations have to end before it is there
    turns: dict[int, list[Operator]] = defaultdict(list)
    for operator in graph.operators:
        # Tensors count twice the invocations: odd where one made it, even where the CPU did.
        ready = max((turn_of_tensor.get(index, 0) for index in operator.inputs), default=0)
        on_chip = operator.index in mapped
        turn = ready + (ready % 2 != on_chip) if ready or on_chip else 0
        for index in operator.outputs:
            turn_of_tensor[index] = turn
        if on_chip:
            turns[turn].append(operator)
    return {operator.index: run for run in turns.values() for operator in run}
