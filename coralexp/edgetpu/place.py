"""Where the operators of a model would run, as compiler 16 decides it, without the compiler."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.partition import blockers, first_subgraph
from coralexp.edgetpu.placement import OperatorPlacement, Placement
from coralexp.edgetpu.rules.contract import ONE_SUBGRAPH
from coralexp.edgetpu.rules.refusals import model_rejections
from coralexp.edgetpu.rules.step import Step
from coralexp.edgetpu.rules.table import Verdict, judge
from coralexp.edgetpu.rules.versions import version_rejections

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.placement import Rejection
    from coralexp.tflite.graph import Graph, ModelFile, Operator


def place(model: ModelFile, *, multiple_subgraphs: bool = False) -> Placement:
    """Return whether the compiler would take a model, and where each operator would run.

    First the gate on operator versions, then what refuses the whole model, then the rules on each
    operator by itself, then the partition into subgraphs. An operator without evidence is unknown,
    and so is every operator whose subgraph depends on it.

    Args:
        model: As `read_model_file` gives it; a model that makes no sense is placed, too.
        multiple_subgraphs: Whether several subgraphs may be mapped, as with the compiler's `-a`.
    """
    rejections = (*version_rejections(model), *model_rejections(model))
    graph = model.main
    if rejections:
        return refused(model, rejections)
    verdicts = [judge(step) for step in _steps(graph)]
    if not multiple_subgraphs:
        verdicts = _in_one_subgraph(graph, verdicts)
    return Placement((), tuple(map(_placed, graph.operators, verdicts)))


def refused(model: ModelFile, rejections: Sequence[Rejection]) -> Placement:
    """Return the placement of a model that the compiler refuses: everything stays on the CPU.

    Args:
        model: As `read_model_file` gives it.
        rejections: Why; at least one.
    """
    steps = _steps(model.main)
    return Placement(tuple(rejections), tuple(_refused(step, rejections[0]) for step in steps))


def _steps(graph: Graph) -> list[Step]:
    return [Step(graph, operator) for operator in graph.operators]


def _refused(step: Step, rejection: Rejection) -> OperatorPlacement:
    text = rejection.text or rejection.reason
    verdict = Verdict("cpu", "", f"The compiler refuses the whole model: {text}", rejection.advice)
    return _placed(step.operator, verdict)


def _in_one_subgraph(graph: Graph, verdicts: Sequence[Verdict]) -> list[Verdict]:
    """Leave out what is not in the first subgraph, whichever way the unknown operators go.

    The first subgraph is found twice, with the unknown operators mapped and left out. Where the
    two agree, the answer does not depend on them; where they do not, it is unknown.
    """
    hopeful = [verdict.placement != "cpu" for verdict in verdicts]
    certain = [verdict.placement == "edgetpu" for verdict in verdicts]
    with_unknown = first_subgraph(graph, hopeful)
    without = first_subgraph(graph, certain)
    behind, behind_unknown = blockers(graph, hopeful), blockers(graph, certain)
    return [
        _settled(
            graph,
            verdict,
            (at in with_unknown, at in without),
            (behind[at], behind_unknown[at]),
        )
        for at, verdict in enumerate(verdicts)
    ]


def _settled(
    graph: Graph, verdict: Verdict, inside: tuple[bool, bool], blocking: tuple[int | None, ...]
) -> Verdict:
    if verdict.placement == "cpu" or (verdict.placement == "unknown" and inside[0]):
        return verdict
    if verdict.placement == "edgetpu" and all(inside):
        return verdict
    surely, perhaps = (
        None if place is None else f"{graph.operators[place].name} (operator {place})"
        for place in blocking
    )
    if not any(inside):
        culprit = surely or perhaps or "the operators before it"
        return Verdict(
            "cpu",
            ONE_SUBGRAPH,
            f"It could be mapped, but comes behind {culprit}, which is not, and the compiler keeps "
            "the first subgraph alone.",
            f"replace {culprit}, end the model before it, or compile with several subgraphs "
            "(edgetpu_compiler -a)",
        )
    return Verdict(
        "unknown",
        "",
        f"It is mapped if {perhaps or 'an operator before it'} is, of which no evidence says.",
        f"replace {perhaps or 'that operator'}; only edgetpu_compiler itself can tell",
    )


def _placed(operator: Operator, verdict: Verdict) -> OperatorPlacement:
    return OperatorPlacement(
        operator.index,
        operator.name,
        operator.version,
        verdict.placement,
        verdict.status,
        verdict.reason,
        verdict.advice,
    )
