"""Inspections of real files, with placements and times made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.inspection import Inspection
from coralexp.edgetpu.latency.contract import Latency, Span
from coralexp.edgetpu.placement import OperatorPlacement, Placement, Rejection
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.tflite.graph import ModelFile

MAPPED = "Mapped to Edge TPU"
LIMITED = "Operation is otherwise supported, but not mapped due to some unspecified limitation"


def timed(model: ModelFile, slowness: float = 1.0) -> Latency:
    """Return a time with a span for each operator: a microsecond for each 300,000 MACs, or ten."""
    spans = [Span("invocation", None, "link", 0.4), Span("input", None, "link", 0.3 * slowness)]
    for operator in model.main.operators:
        ms = (0.01 + operator.macs / 3e8) * slowness
        bound = "arithmetic" if operator.macs else "activations"
        if operator.name == "FULLY_CONNECTED":
            bound = "parameters streamed"
        spans.append(Span(operator.name, operator.index, "edgetpu", ms, bound))
    spans.append(Span("output", None, "link", 0.01 * slowness))
    ms = sum(span.ms for span in spans)
    warnings = ("The link takes longer than the chip.",) if slowness > 2 else ()
    return Latency(ms, ms * 0.8, ms * 1.3, "estimated", ms * 3, tuple(spans), warnings)


def inspected(
    path: Path, *, on_cpu: frozenset[int] = frozenset(), rejected: bool = False
) -> Inspection:
    model = read_model_file(path)
    operators = tuple(
        OperatorPlacement(
            operator.index,
            operator.name,
            operator.version,
            "cpu",
            LIMITED,
            f"operator {operator.index} is too large for the chip",
            "make its input smaller",
        )
        if operator.index in on_cpu or rejected
        else OperatorPlacement(operator.index, operator.name, operator.version, "edgetpu", MAPPED)
        for operator in model.main.operators
    )
    rejections = (
        (Rejection("Model not quantized", "tensor 'x' is float32", "convert it to int8"),)
        if rejected
        else ()
    )
    times = {"usb": timed(model), "usb2,clock=std": timed(model, 4.0), "rpi4": None}
    return Inspection(
        model,
        "0123456789abcdef" * 4,
        Placement(rejections, operators),
        None,
        None if rejected else 3_600_000,
        None if rejected else 0,
        dict.fromkeys(times) if rejected else times,
    )


@pytest.fixture
def mobilenet(shared: Path) -> Path:
    return shared / "edgetpu" / "models" / "tf2_mobilenet_v2_1.0_224_ptq.tflite"


@pytest.fixture
def inspection(mobilenet: Path) -> Inspection:
    return inspected(mobilenet)


@pytest.fixture
def make(mobilenet: Path) -> Callable[..., Inspection]:
    return lambda **options: inspected(mobilenet, **options)
