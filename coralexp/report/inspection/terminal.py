"""An inspection on the terminal: the verdict, the operators, what to change, how long it takes."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coralexp.report.inspection.columns import say, show
from coralexp.report.inspection.figures import (
    best_guess,
    in_bytes,
    in_macs,
    in_ms,
    interval,
    operators_at,
    shape,
)
from coralexp.report.inspection.folding import advices, folds, status, verdict, without_time

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from coralexp.edgetpu.inspection import InspectedOperator, Inspection
    from coralexp.edgetpu.latency.contract import Latency
    from coralexp.report.inspection.folding import Fold

_STYLES = {"edgetpu": "", "cpu": "yellow", "unknown": "magenta"}
_FIGURE = re.compile(r"\d[\d.]*(?:e[-+]?\d+)?")
_FIGURES = frozenset({1, 2, 3})
_REASONS = 3  # of one advice that are told; the page and the JSON have them all


def print_inspection(inspection: Inspection, console: Console, *, every: bool = False) -> None:
    """Print what is known of a file, within the width of the terminal.

    Args:
        inspection: What is known.
        console: Where to.
        every: Whether each operator gets a row of its own, with its reason.
    """
    say(str(inspection.model.path), console, "bold")
    show(("", ""), (("", row) for row in _summary(inspection)), console, titled=False)
    if inspection.placement.rejections:
        _rejections(inspection, console)
    if inspection.placement.operators:
        say("", console)
        _operators(inspection, console, every=every)
    if inspection.compiled is not None:
        say("", console)
        _executables(inspection, console)
    if advices(inspection) and inspection.accepted:
        _advice(inspection, console)
    if inspection.latencies:
        say("", console)
        _latencies(inspection, console)


def _summary(inspection: Inspection) -> Iterator[tuple[str, str]]:
    model = inspection.model
    kind = {"source": "TensorFlow Lite", "compiled": "compiled for the Edge TPU"}[inspection.kind]
    yield "file", f"{kind}, {in_bytes(model.size_bytes)}, sha256 {inspection.sha256[:16]}..."
    yield "Edge TPU", verdict(inspection)
    if inspection.on_chip_bytes is not None:
        sent = in_bytes(inspection.off_chip_bytes)
        stay = in_bytes(inspection.on_chip_bytes)
        yield "on chip", f"{stay} of parameters stay, {sent} are sent at every inference"
    macs = "" if inspection.macs is None else f"{in_macs(inspection.macs)} multiplications, "
    yield "work", f"{macs}{in_bytes(inspection.parameter_bytes)} of parameters"
    for word, indices in (("input", model.main.inputs), ("output", model.main.outputs)):
        for index in indices:
            tensor = model.main.tensors[index]
            size = in_bytes(tensor.size_bytes)
            yield word, f"{tensor.dtype} {shape(tensor.shape)}, {size}, '{tensor.name}'"
    if inspection.compiled is not None:
        runtime = inspection.compiled.minimum_runtime
        yield "needs", "any runtime" if runtime is None else f"runtime {runtime} or newer"
        yield "compiler", inspection.compiled.compiler or "not named"


def _rejections(inspection: Inspection, console: Console) -> None:
    say("", console)
    say("The compiler would refuse it:", console, "bold red")
    for rejection in inspection.placement.rejections:
        words = (text for text in (rejection.text, rejection.reason) if text)
        for number, text in enumerate(words):
            say(f"{' ' if number else '-'} {text}", console, indent=2, hang=2)
        say(f"to change: {rejection.advice}", console, "cyan", indent=4, hang=2)


def _operators(inspection: Inspection, console: Console, *, every: bool) -> None:
    if every:
        told = [_row(operator) for operator in inspection.operators]
        columns = ("#", "operator", "v", "MACs", "parameters", "status")
        show(columns, told, console, frozenset({0, 2, 3, 4}))
        return
    fates = folds(inspection)
    titles = ("operator", "count", "MACs", "parameters")
    rows: list[tuple[str, ...]] = [titles, *(_folded(fold) for fate in fates for fold in fate)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(titles))]
    show(titles, [], console, _FIGURES, widths=widths)
    for fate in fates:
        style = _STYLES[fate[0].where]
        say(fate[0].status, console, f"bold {style}".strip(), indent=2)
        told = [(style, _folded(fold)) for fold in fate]
        show(titles, told, console, _FIGURES, titled=False, widths=widths)
        for reason in dict.fromkeys(reason for fold in fate for reason in fold.hopeless):
            say(reason, console, indent=4, hang=2)


def _folded(fold: Fold) -> tuple[str, ...]:
    figures = (in_macs(fold.macs), in_bytes(fold.parameter_bytes))
    return f"  {fold.op}", str(len(fold.operators)), *figures


def _row(operator: InspectedOperator) -> tuple[str, tuple[str, ...]]:
    placed = operator.placed
    why = f": {placed.reason}" if placed.reason else ""
    return _STYLES[placed.placement], (
        str(placed.index),
        placed.op,
        str(placed.version),
        in_macs(operator.macs),
        in_bytes(operator.parameter_bytes),
        status(operator) + why,
    )


def _executables(inspection: Inspection, console: Console) -> None:
    titles = ("executable", "on chip", "streamed", "instructions", "in", "out", "scratch")
    rows = [
        (
            "",
            (
                each.type,
                in_bytes(each.cached_parameter_bytes),
                in_bytes(each.streamed_parameter_bytes),
                in_bytes(each.instruction_bytes),
                in_bytes(each.input_bytes),
                in_bytes(each.output_bytes),
                in_bytes(each.scratch_bytes),
            ),
        )
        for each in inspection.executables
    ]
    show(titles, rows, console, frozenset(range(1, len(titles))))


def _advice(inspection: Inspection, console: Console) -> None:
    say("", console)
    say("What to change", console, "bold")
    for advice in advices(inspection):
        say(f"- {advice.text}", console, "cyan", indent=2, hang=2)
        indices = [operator.placed.index for operator in advice.operators]
        names = list(dict.fromkeys(operator.placed.op for operator in advice.operators))
        who = ", ".join(names[:_REASONS]) + (", ..." if len(names) > _REASONS else "")
        say(f"for {operators_at(indices)} ({who})", console, indent=4, hang=2)
        for reason in advice.reasons[:_REASONS]:
            say(reason, console, indent=4, hang=2)
        if len(advice.reasons) > _REASONS:
            say(f"and {len(advice.reasons) - _REASONS} more reasons: --all", console, indent=4)


def _latencies(inspection: Inspection, console: Console) -> None:
    times = {name: each for name, each in inspection.latencies.items() if each is not None}
    missing = [name for name, each in inspection.latencies.items() if each is None]
    if times:
        titles = ("device", "one inference", "90 % interval", "first", "a second")
        rows = [("", _time(name, latency)) for name, latency in inspection.latencies.items()]
        show(titles, rows, console, frozenset(range(1, len(titles))))
    if any(latency.source == "estimated" for latency in times.values()):
        say("~ estimated, not measured on a chip", console, indent=2)
    if missing:
        whose = ", ".join(missing) if times or len(missing) == 1 else "any device"
        say(f"no time for {whose}: {without_time(inspection)}", console, indent=2, hang=2)
    for warning, names in _warnings(times):
        every = len(names) == len(times) > 1
        whose = "every device" if every else ", ".join(names)
        say(f"! {whose}: {warning}", console, "yellow", indent=2, hang=2)


def _warnings(latencies: Mapping[str, Latency]) -> Iterator[tuple[str, Sequence[str]]]:
    """Yield each warning once, with the devices it is for; its figures are those of the first."""
    kinds: dict[str, dict[str, str]] = {}
    for name, latency in latencies.items():
        for text in latency.warnings:
            kinds.setdefault(_FIGURE.sub("#", text), {})[name] = text
    for texts in kinds.values():
        first = next(iter(texts))
        differs = len(set(texts.values())) > 1
        yield texts[first] + (f" (figures of {first})" if differs else ""), list(texts)


def _time(name: str, latency: Latency | None) -> tuple[str, ...]:
    if latency is None:
        return name, "-", "-", "-", "-"
    first = "-" if latency.first_ms is None else f"{in_ms(latency.first_ms)} ms"
    rate = f"{1000 / latency.ms:.0f}" if latency.ms > 0 else "-"
    return name, best_guess(latency), interval(latency), first, rate
