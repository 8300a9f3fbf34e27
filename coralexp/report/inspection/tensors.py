"""The tensors of a file: type, quantization, and the real values that they span."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.report.inspection.columns import say, show
from coralexp.report.inspection.figures import shape
from coralexp.tflite.real_range import real_range

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rich.console import Console

    from coralexp.tflite.graph import ModelFile, Tensor

TITLES = ("#", "dtype", "shape", "scale", "zero point", "real values", "name")


def print_tensors(model: ModelFile, console: Console) -> None:
    """Print every tensor of a model, those of further subgraphs behind."""
    say("", console)
    rows = [("", row) for row in tensor_rows(model)]
    wrap = console.is_terminal  # piped, a name stays whole for `grep`
    show(TITLES, rows, console, frozenset({0}), wrap=wrap)


def tensor_rows(model: ModelFile) -> Iterator[tuple[str, ...]]:
    """Yield a row for each tensor, as `TITLES` say; `1/5` is tensor 5 of the second subgraph."""
    for number, graph in enumerate(model.subgraphs):
        for index, tensor in enumerate(graph.tensors):
            place = f"{number}/{index}" if number else str(index)
            constant = "" if not tensor.is_constant else " const"
            yield (
                place,
                tensor.dtype + constant,
                shape(tensor.shape),
                scale(tensor),
                zero_point(tensor),
                span(tensor),
                tensor.name,
            )


def scale(tensor: Tensor) -> str:
    """Return the scale of a tensor: `0.0353`, or `32 scales, 0.00121..0.0894`."""
    stored = tensor.quantization
    if stored is None:
        return "-"
    if len(stored.scales) == 1:
        return f"{stored.scales[0]:.3g}"
    return f"{min(stored.scales):.3g}..{max(stored.scales):.3g} ({len(stored.scales)} scales)"


def zero_point(tensor: Tensor) -> str:
    """Return the zero point of a tensor: `-43`, or `-3..5` where channels have their own."""
    if tensor.quantization is None:
        return "-"
    low, high = min(tensor.quantization.zero_points), max(tensor.quantization.zero_points)
    return str(low) if low == high else f"{low}..{high}"


def span(tensor: Tensor) -> str:
    """Return the real values that the integers of a tensor span: `-3..6`."""
    ends = real_range(tensor)
    return "-" if ends is None else f"{ends[0]:.4g}..{ends[1]:.4g}"
