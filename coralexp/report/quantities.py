"""Figures in words that are short and say where they come from."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.artifacts.record import RunRecord

_KIB = 1024
_ESTIMATED = "~"


def size(size_bytes: float) -> str:
    """Return a size: `712 KiB`, `3.4 MiB`."""
    if size_bytes < _KIB**2:
        return f"{size_bytes / _KIB:.0f} KiB"
    return f"{size_bytes / _KIB**2:.1f} MiB"


def edgetpu_latency(record: RunRecord) -> str:
    """Return the time of one inference with the Edge TPU: `~1.80 ms (1.20-2.70)`, or `-`.

    A tilde says that it is estimated; the interval stands in brackets.
    """
    value_ms = record.metrics.get("edgetpu_latency_ms")
    if value_ms is None:
        return "-"
    text = f"{'' if is_measured(record) else _ESTIMATED}{_significant(value_ms)} ms"
    low_ms = record.metrics.get("edgetpu_latency_low_ms")
    high_ms = record.metrics.get("edgetpu_latency_high_ms")
    if low_ms is None or high_ms is None:
        return text
    return f"{text} ({_significant(low_ms)}-{_significant(high_ms)})"


def is_measured(record: RunRecord) -> bool:
    """Return whether the Edge TPU's time was measured; what does not say so was not."""
    return record.tags.get("edgetpu_latency_source") == "measured"


def figure(value: float) -> str:
    """Return any metric: whole numbers as they are, others with four digits that matter."""
    if float(value).is_integer() and abs(value) < 1e15:  # noqa: PLR2004 - floats are exact there
        return f"{value:.0f}"
    return f"{value:.4g}"


def _significant(value: float) -> str:
    decimals = 2 if value < 10 else 1 if value < 100 else 0  # noqa: PLR2004 - three digits
    return f"{value:.{decimals}f}"
