"""The tables of the page: refusals, executables, what to change, operators, tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.report.inspection.figures import in_bytes, in_macs, in_ms, operators_at, shape
from coralexp.report.inspection.folding import WHERE, advices, status
from coralexp.report.inspection.markup import Markup, element, join
from coralexp.report.inspection.tensors import TITLES, tensor_rows

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from coralexp.edgetpu.inspection import InspectedOperator, Inspection
    from coralexp.edgetpu.latency.contract import Latency
    from coralexp.tflite.graph import Graph


def ends(graph: Graph, indices: Iterable[int]) -> str:
    """Return the inputs or outputs of a model in words: `uint8 1x224x224x3, 147 KiB`."""
    tensors = [graph.tensors[index] for index in indices if index >= 0]
    told = (f"{t.dtype} {shape(t.shape)}, {in_bytes(t.size_bytes)}" for t in tensors)
    return "; ".join(told) or "none"


def rejections(inspection: Inspection) -> Markup | None:
    """Return why the compiler would refuse the model."""
    if inspection.accepted:
        return None
    items = (
        element(
            "li",
            element("strong", each.text) if each.text else None,
            element("div", each.reason),
            element("div", each.advice, class_="do"),
        )
        for each in inspection.placement.rejections
    )
    return join(
        element("h2", "Why the compiler would refuse it"), element("ul", *items, class_="plain")
    )


def executables(inspection: Inspection) -> Markup | None:
    """Return what the compiler put into the file."""
    if inspection.compiled is None:
        return None
    titles = ("type", "on chip", "streamed", "instructions", "input", "output", "scratch")
    rows = (
        [
            each.type,
            in_bytes(each.cached_parameter_bytes),
            in_bytes(each.streamed_parameter_bytes),
            in_bytes(each.instruction_bytes),
            in_bytes(each.input_bytes),
            in_bytes(each.output_bytes),
            in_bytes(each.scratch_bytes),
        ]
        for each in inspection.executables
    )
    return join(element("h2", "Executables"), table(titles, rows, range(1, len(titles))))


def changes(inspection: Inspection) -> Markup | None:
    """Return what to change, each thing once."""
    found = advices(inspection) if inspection.accepted else []
    if not found:
        return None
    items = (
        element(
            "li",
            element("strong", each.text),
            element(
                "div",
                f"for {operators_at([o.placed.index for o in each.operators], most=20)}",
                class_="soft",
            ),
        )
        for each in found
    )
    return join(element("h2", "What to change"), element("ul", *items, class_="plain"))


def operators(inspection: Inspection, times: Mapping[str, Latency]) -> Markup:
    """Return every operator with where it runs, why, and its time on each device."""
    spent = [_by_operator(latency) for latency in times.values()]
    figures = ("MACs", "parameters", "activations")
    titles = ("#", "operator", "version", "runs on", "status", *figures)
    sides = ("n" if title in {"#", *figures} else None for title in titles)
    plain = [
        element("th", t, scope="col", class_=side) for t, side in zip(titles, sides, strict=True)
    ]
    timed = (
        element("th", f"ms, {name}", scope="col", class_="n", data_ms=f"d{n}")
        for n, name in enumerate(times)
    )
    head = element("thead", element("tr", *plain, *timed))
    body = element("tbody", *_rows(inspection.operators, spent))
    return join(
        element("h2", "Operators"),
        element("div", element("table", head, body), class_="scroll"),
    )


def tensors(inspection: Inspection) -> Markup:
    """Return every tensor with its quantization and the real values that it spans."""
    rows = list(tensor_rows(inspection.model))
    return join(
        element("h2", "Tensors"),
        element(
            "details",
            element("summary", f"{len(rows)} tensors"),
            table(TITLES, rows, (0,)),
        ),
    )


def table(titles: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int]) -> Markup:
    """Return a table.

    Args:
        titles: Of the columns.
        rows: A text for each column.
        right: Columns of figures.
    """
    ends_at = frozenset(right)
    sides = ["n" if n in ends_at else None for n in range(len(titles))]
    heads = (element("th", t, scope="col", class_=s) for t, s in zip(titles, sides, strict=True))
    lines = (
        element("tr", *(element("td", c, class_=s) for c, s in zip(row, sides, strict=True)))
        for row in rows
    )
    made = element("table", element("thead", element("tr", *heads)), element("tbody", *lines))
    return element("div", made, class_="scroll")


def _rows(
    operators: Sequence[InspectedOperator], spent: Sequence[Mapping[int, float]]
) -> Iterator[Markup]:
    """Yield a row for each operator; what was said of the one before is not said again."""
    told, first = ("", ""), 0
    for operator in operators:
        placed = operator.placed
        why = (placed.reason, placed.advice)
        if any(why) and why == told:
            yield _operator(operator, (f"as operator {first}", ""), spent)
        else:
            told, first = why, placed.index
            yield _operator(operator, why, spent)


def _operator(
    operator: InspectedOperator, why: tuple[str, str], spent: Sequence[Mapping[int, float]]
) -> Markup:
    placed = operator.placed
    reason, advice = why
    words = [
        element("div", status(operator)),
        element("div", reason, class_="soft") if reason else None,
        element("div", advice, class_="do") if advice else None,
    ]
    figures = (
        in_macs(operator.macs),
        in_bytes(operator.parameter_bytes),
        in_bytes(operator.activation_bytes),
    )
    timed = (
        element("td", in_ms(times.get(placed.index)), class_="n", data_ms=f"d{n}")
        for n, times in enumerate(spent)
    )
    return element(
        "tr",
        element("td", str(placed.index), class_="n"),
        element("td", placed.op),
        element("td", str(placed.version)),
        element("td", WHERE[placed.placement], class_="where"),
        element("td", *words, class_="why"),
        *(element("td", figure, class_="n") for figure in figures),
        *timed,
        class_=placed.placement,
        id=f"op{placed.index}",
    )


def _by_operator(latency: Latency) -> Mapping[int, float]:
    spent: dict[int, float] = {}
    for span in latency.spans:
        if span.operator is not None:
            spent[span.operator] = spent.get(span.operator, 0.0) + span.ms
    return spent
