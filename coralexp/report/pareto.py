"""What a sweep found: accuracy against time and size, and the jobs that no other one beats."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.report.figures import BLUE, GREY, new_figure, save, take_literally
from coralexp.report.quantities import figure, is_measured, size
from coralexp.report.table import job_name

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from coralexp.artifacts.record import RunRecord

_LEAST_POINTS = 2
_LONGEST_NAME = 84  # characters that fit below the picture
_LINE_IN = 0.19


@dataclass(frozen=True)
class Point:
    """A job in one of the pictures.

    Attributes:
        record: The job.
        cost: Milliseconds or bytes, above 0; less is better.
        accuracy: In [0, 1]; more is better.
        low: Least that the cost may be; None if it is known.
        high: Most that it may be.
    """

    record: RunRecord
    cost: float
    accuracy: float
    low: float | None = None
    high: float | None = None


def front(points: Sequence[Point]) -> list[Point]:
    """Return the points that no other one beats, cheapest first.

    One beats another if it costs no more and is as accurate at least, and is better in one of both.
    """
    best: list[Point] = []
    for point in sorted(points, key=lambda point: (point.cost, -point.accuracy)):
        equal = best and (best[-1].cost, best[-1].accuracy) == (point.cost, point.accuracy)
        if not best or point.accuracy > best[-1].accuracy or equal:
            best.append(point)
    return best


def draw_pareto(records: Sequence[RunRecord], to: Path) -> bool:
    """Draw accuracy against the time of an inference and against the size of the model.

    What no other job beats is blue, joined by a line, and numbered; its names stand below.

    Args:
        records: The jobs of a sweep.
        to: PNG file to write.

    Returns:
        Whether there were two jobs at least to compare; otherwise no file is written.
    """
    sizes, times = _sizes(records), _times(records)
    if len(sizes) < _LEAST_POINTS:
        return False
    shared = frozenset.intersection(*(frozenset(record.overrides) for record in records))
    best = {point.record.id: point.record for point in [*front(times), *front(sizes)]}
    ordered = sorted(best.values(), key=lambda record: -record.metrics["accuracy"])
    numbers = {record.id: number for number, record in enumerate(ordered, start=1)}
    heights_in = [3.9, _LINE_IN * (len(ordered) + 2)]
    sheet = new_figure(9.0, sum(heights_in))
    top, bottom = sheet.subfigures(2, 1, height_ratios=heights_in, squeeze=False)[:, 0]
    left, right = top.subplots(1, 2, sharey=True)
    time_label = f"Time of one inference on {_device(records)} (ms)"
    _panel(left, times, numbers, "Accuracy and time", time_label)
    _panel(right, sizes, numbers, "Accuracy and size", "Size of the model (KiB)")
    left.set_ylabel("Accuracy (share of test images)")
    lines = ["Not beaten by any other job:"]
    lines += [f"{numbers[record.id]:>3}  {_words(record, shared)}" for record in ordered]
    take_literally(
        [bottom.text(0.02, 0.98, "\n".join(lines), va="top", fontsize=8, family="monospace")]
    )
    save(sheet, to)
    return True


def _device(records: Sequence[RunRecord]) -> str:
    devices = {record.choices.get("device", "") for record in records}
    return devices.pop() if len(devices) == 1 else "its device"


def _sizes(records: Sequence[RunRecord]) -> list[Point]:
    return [
        Point(record, record.metrics["model_size_bytes"] / 1024, record.metrics["accuracy"])
        for record in records
        if {"model_size_bytes", "accuracy"} <= set(record.metrics)
    ]


def _times(records: Sequence[RunRecord]) -> list[Point]:
    """Return the times on the device that was chosen; estimates with their interval."""
    points = []
    for record in records:
        metrics = record.metrics
        if not {"device_latency_ms", "accuracy"} <= set(metrics):
            continue
        low = high = None
        if "edgetpu_latency_ms" in metrics and not is_measured(record):
            low = metrics.get("edgetpu_latency_low_ms")
            high = metrics.get("edgetpu_latency_high_ms")
        points.append(Point(record, metrics["device_latency_ms"], metrics["accuracy"], low, high))
    return points


def _panel(
    axes: Axes, points: Sequence[Point], numbers: dict[str, int], title: str, label: str
) -> None:
    from matplotlib.ticker import LogLocator, NullFormatter

    axes.set_title(title)
    axes.set_xlabel(label)
    axes.grid(visible=True, color="#DDDDDD", linewidth=0.6)
    axes.set_axisbelow(True)
    if not points:
        axes.text(0.5, 0.5, "no job has one", ha="center", transform=axes.transAxes, color=GREY)
        return
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.xaxis.set_major_formatter(lambda value, place: f"{value:g}")
    axes.xaxis.set_minor_formatter(NullFormatter())
    best = front(points)
    unbeaten = {point.record.id for point in best}
    beaten = [point for point in points if point.record.id not in unbeaten]
    if beaten:
        xs, ys = [point.cost for point in beaten], [point.accuracy for point in beaten]
        axes.scatter(xs, ys, marker="x", s=28, color=GREY, linewidths=1.2, label="beaten")
    for point in points:
        if point.low is not None and point.high is not None:
            colour = BLUE if point.record.id in unbeaten else GREY
            ends = ([point.low, point.high], [point.accuracy] * 2)
            axes.plot(*ends, color=colour, linewidth=0.8, alpha=0.6)
    xs, ys = [point.cost for point in best], [point.accuracy for point in best]
    # In steps: between two of them, the most that can be had is what the cheaper one gives.
    axes.step(xs, ys, "o-", where="post", color=BLUE, label="not beaten", linewidth=1.4)
    places: dict[tuple[float, float], list[int]] = {}
    for point in best:
        places.setdefault((point.cost, point.accuracy), []).append(numbers[point.record.id])
    for place, those in places.items():
        axes.annotate(
            ", ".join(map(str, sorted(those))),
            place,
            xytext=(-4, 6),
            textcoords="offset points",
            ha="right",
            fontsize=9,
        )
    if any(point.low is not None for point in points):
        axes.plot([], [], color=GREY, linewidth=0.8, label="90 % interval of an estimate")
    axes.margins(x=0.12, y=0.15)
    axes.legend(frameon=False, loc="best", fontsize=8)


def _words(record: RunRecord, shared: frozenset[str]) -> str:
    metrics = record.metrics
    time_ms = metrics.get("device_latency_ms")
    time = "-" if time_ms is None else f"{figure(time_ms)} ms"
    figures = f"{metrics['accuracy']:.4f} {size(metrics['model_size_bytes']):>9} {time:>11}"
    return f"{figures}  {_name(record, shared)}"


def _name(record: RunRecord, shared: frozenset[str]) -> str:
    name = job_name(record, shared)
    return name if len(name) <= _LONGEST_NAME else f"{name[: _LONGEST_NAME - 3]}..."
