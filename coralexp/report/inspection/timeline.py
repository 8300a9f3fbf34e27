"""The parts of one inference on a time axis: what runs when, and what it waits for."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.report.inspection.figures import in_ms
from coralexp.report.inspection.markup import Markup, element, join

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coralexp.edgetpu.latency.contract import Latency, Span

Category = Literal["link", "compute", "stream", "memory", "fixed", "cpu"]

CATEGORIES: dict[Category, str] = {
    "compute": "arithmetic on the chip",
    "stream": "parameters streamed",
    "memory": "activations moved",
    "fixed": "other work of the chip",
    "link": "transfer and invocation",
    "cpu": "on the CPU",
}
_LANES = (("link", "link"), ("edgetpu", "Edge TPU"), ("cpu", "CPU"))
_TICKS = 6  # about so many on an axis
_THINNEST = 0.001  # of the axis; thinner neighbours of a kind are drawn as one
_EDGED = 0.004  # of the axis; thinner bars have no edge, which would hide them


@dataclass(frozen=True)
class Bar:
    """One or more spans of a kind, one behind the other.

    Attributes:
        spans: At least one.
        start_ms: When the first begins.
    """

    spans: tuple[Span, ...]
    start_ms: float

    @property
    def ms(self) -> float:
        """How long it takes."""
        return sum(span.ms for span in self.spans)

    @property
    def text(self) -> str:
        """What it is, in a line."""
        first = self.spans[0]
        name = first.label if first.operator is None else f"{first.operator} {first.label}"
        more = f" and {len(self.spans) - 1} more" if len(self.spans) > 1 else ""
        bound = f", {first.bound}" if first.bound else ""
        return f"{name}{more}: {in_ms(self.ms)} ms at {in_ms(self.start_ms)} ms{bound}"


def category(span: Span) -> Category:
    """Return what the time of a span goes into, as the colours tell it."""
    if span.where == "cpu":
        return "cpu"
    for word, name in (("param", "stream"), ("stream", "stream"), ("activation", "memory")):
        if word in span.bound:
            return name  # type: ignore[return-value]
    if span.where == "link":
        return "link"
    return "compute" if "arithmetic" in span.bound or span.operator is not None else "fixed"


def bars(latency: Latency, axis_ms: float) -> list[Bar]:
    """Return the spans in order; neighbours of a kind that are too thin to be seen are joined."""
    found: list[Bar] = []
    now_ms = 0.0
    for span in latency.spans:
        last = found[-1] if found else None
        if (
            last is not None
            and max(span.ms, *(each.ms for each in last.spans)) < _THINNEST * axis_ms
            and (last.spans[0].where, category(last.spans[0])) == (span.where, category(span))
        ):
            found[-1] = Bar((*last.spans, span), last.start_ms)
        else:
            found.append(Bar((span,), now_ms))
        now_ms += span.ms
    return found


def axis_end(latency: Latency) -> float:
    """Return what the time axis must reach, in milliseconds; above 0."""
    ends = (latency.high_ms, latency.ms, sum(span.ms for span in latency.spans))
    return max((end for end in ends if math.isfinite(end)), default=0.0) * 1.02 or 1.0


def ticks(end_ms: float) -> list[float]:
    """Return round times from 0 to the end of an axis."""
    rough = end_ms / _TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * n for n in (1, 2, 5, 10) if power * n >= rough)
    return [step * n for n in range(int(end_ms / step) + 1)]


def timeline(latency: Latency, device: str) -> Markup:
    """Return lanes for the link, the chip and the processor, above an axis and the interval."""
    end_ms = axis_end(latency)
    drawn = bars(latency, end_ms)
    lanes = [
        _lane(name, own, end_ms)
        for where, name in _LANES
        if (own := [bar for bar in drawn if bar.spans[0].where == where])
    ]
    return element(
        "div",
        *lanes,
        _interval(latency, end_ms),
        _axis(end_ms),
        class_="timeline",
        role="group",
        aria_label=f"Timeline of one inference on {device}; arrow keys walk along it",
    )


def segments(latency: Latency, end_ms: float) -> Markup:
    """Return one bar of the time by category, on an axis that other devices share."""
    total = dict.fromkeys(CATEGORIES, 0.0)
    for span in latency.spans:
        total[category(span)] += span.ms
    parts = [
        element(
            "i",
            class_=f"bar {name}",
            style=f"width:{_percent(ms, end_ms)}",
            title=f"{CATEGORIES[name]}: {in_ms(ms)} ms",
        )
        for name, ms in total.items()
        if ms > 0
    ] or [element("i", class_="bar fixed", style=f"width:{_percent(latency.ms, end_ms)}")]
    return element("div", *parts, class_="stack", aria_hidden="true")


def legend(latencies: Iterable[Latency]) -> Markup:
    """Return the colours that occur, and what they mean."""
    seen = {category(span) for latency in latencies for span in latency.spans}
    return element(
        "ul",
        *(
            element("li", element("i", class_=f"bar {name}"), text)
            for name, text in CATEGORIES.items()
            if name in seen
        ),
        class_="legend",
        aria_label="Colours",
    )


def _lane(name: str, shown: list[Bar], end_ms: float) -> Markup:
    return element(
        "div",
        element("span", name, class_="name"),
        element("div", *(_bar(bar, end_ms) for bar in shown), class_="track"),
        class_="lane",
    )


def _bar(bar: Bar, end_ms: float) -> Markup:
    indices = [span.operator for span in bar.spans if span.operator is not None]
    left, width = _percent(bar.start_ms, end_ms), _percent(bar.ms, end_ms)
    edge = " edge" if bar.ms > _EDGED * end_ms else ""
    return element(
        "i",
        class_=f"bar {category(bar.spans[0])}{edge}",
        style=f"left:{left};width:{width}",
        title=bar.text,
        role="img",
        tabindex="-1",
        data_o=str(indices[0]) if indices else None,
    )


def _interval(latency: Latency, end_ms: float) -> Markup:
    width = _percent(max(latency.high_ms - latency.low_ms, 0.0), end_ms)
    text = f"90 % interval: {in_ms(latency.low_ms)} to {in_ms(latency.high_ms)} ms"
    span = element(
        "i", class_="span", style=f"left:{_percent(latency.low_ms, end_ms)};width:{width}"
    )
    guess = element("i", class_="guess", style=f"left:{_percent(latency.ms, end_ms)}")
    return element(
        "div",
        element("span", "90 %", class_="name"),
        element("div", span, guess, class_="track range", role="img", title=text),
        class_="lane",
    )


def _axis(end_ms: float) -> Markup:
    marks = [
        element("span", f"{time_ms:g}", style=f"left:{_percent(time_ms, end_ms)}")
        for time_ms in ticks(end_ms)
    ]
    return element(
        "div",
        element("span", "ms", class_="name"),
        element("div", join(*marks), class_="track axis"),
        class_="lane",
        aria_hidden="true",
    )


def _percent(part: float, whole: float) -> str:
    return f"{100 * min(max(part / whole, 0.0), 1.0):.2f}%"
