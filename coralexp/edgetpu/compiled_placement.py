"""Where the compiler really put each operator of a model, told by the file that it wrote."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

from coralexp.edgetpu.executable import CUSTOM_OP
from coralexp.edgetpu.placement import OperatorPlacement, Placement
from coralexp.edgetpu.rules.contract import MAPPED

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from coralexp.tflite.graph import Graph, Operator


def compiled_placement(
    source: Graph, compiled: Graph, predicted: Placement, statuses: Iterable[tuple[str, str]]
) -> Placement:
    """Return where each operator of a model is in what the compiler made of it.

    The compiler keeps the operators that it leaves on the CPU as they are, with the names of their
    tensors; all others are inside its own.

    Args:
        source: Main subgraph of the model.
        compiled: Main subgraph of the file that the compiler wrote.
        predicted: What the rules say, for the reason and the advice where they agree.
        statuses: Operator names and statuses of the compiler's table, of those left on the CPU.
    """
    left = {
        name
        for operator in compiled.operators
        if operator.name != CUSTOM_OP
        for name in _results(compiled, operator)
    }
    words: Mapping[str, set[str]] = defaultdict(set)
    for name, status in statuses:
        words[name].add(status)
    return Placement(
        (),
        tuple(
            _on_cpu(operator, said, words[operator.name])
            if left.intersection(_results(source, operator))
            else _mapped(operator)
            for operator, said in zip(source.operators, predicted.operators, strict=True)
        ),
    )


def _results(graph: Graph, operator: Operator) -> list[str]:
    return [tensor.name for tensor in graph.outputs_of(operator) if tensor.name]


def _mapped(operator: Operator) -> OperatorPlacement:
    return OperatorPlacement(operator.index, operator.name, operator.version, "edgetpu", MAPPED)


def _on_cpu(operator: Operator, said: OperatorPlacement, words: set[str]) -> OperatorPlacement:
    """Take the compiler's words where they are certain, else those of the rules."""
    if said.placement == "cpu":
        return replace(said, status=next(iter(words)) if len(words) == 1 else said.status)
    return OperatorPlacement(
        operator.index,
        operator.name,
        operator.version,
        "cpu",
        next(iter(words)) if len(words) == 1 else "",
        "The compiler left it on the CPU, where the rules would have mapped it.",
        "see the compiler's log beside the compiled file",
    )
