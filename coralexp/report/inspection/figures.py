"""Figures of an inspection in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from coralexp.edgetpu.latency.contract import Latency

_KIB = 1024


def in_bytes(count: int | None) -> str:
    """Return a size: `576 B`, `147 KiB`, `3.4 MiB`; `-` if it is not known."""
    if count is None:
        return "-"
    if count < _KIB:
        return f"{count} B"
    if count < 10 * _KIB:
        return f"{count / _KIB:.1f} KiB"
    return f"{count / _KIB:.0f} KiB" if count < _KIB**2 else f"{count / _KIB**2:.1f} MiB"


def in_macs(count: int | None) -> str:
    """Return multiplications: `0`, `9.6 k`, `300.8 M`, `15.5 G`; `-` if they are not known."""
    if count is None:
        return "-"
    for unit, name in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if count >= unit:
            return f"{count / unit:.1f} {name}"
    return str(count)


def in_ms(value_ms: float | None) -> str:
    """Return a time in three digits that matter: `0.042`, `2.63`, `19.1`, `184`; `-` for None."""
    if value_ms is None:
        return "-"
    if 0 < value_ms < 0.0005:  # noqa: PLR2004 - what would be rounded to nothing
        return "<0.001"
    decimals = 3 if value_ms < 1 else 2 if value_ms < 10 else 1 if value_ms < 100 else 0  # noqa: PLR2004
    return f"{value_ms:.{decimals}f}"


def best_guess(latency: Latency) -> str:
    """Return the time of an inference: `~2.63 ms`; the tilde says that it is estimated."""
    return f"{'~' if latency.source == 'estimated' else ''}{in_ms(latency.ms)} ms"


def interval(latency: Latency) -> str:
    """Return the interval of a time: `2.20-3.15 ms`."""
    return f"{in_ms(latency.low_ms)}-{in_ms(latency.high_ms)} ms"


def operators_at(indices: Sequence[int], most: int = 8) -> str:
    """Return operators by their indices: `operator 3`, `operators 0, 2-5`."""
    return f"operator{'s' * (len(indices) != 1)} {places(indices, most)}"


def places(indices: Iterable[int], most: int = 8) -> str:
    """Return indices with neighbours joined: `0, 2-5, 9`.

    Args:
        indices: In rising order.
        most: So many entries at most; `...` stands for the others.
    """
    runs: list[list[int]] = []
    for index in indices:
        if runs and index == runs[-1][1] + 1:
            runs[-1][1] = index
        else:
            runs.append([index, index])
    texts = [f"{first}" if first == last else f"{first}-{last}" for first, last in runs]
    return ", ".join(texts[:most] + (["..."] if len(texts) > most else []))


def shape(sizes: Iterable[int]) -> str:
    """Return a shape: `1x224x224x3`, `?` for what only the run tells, `scalar` without any."""
    return "x".join("?" if size < 0 else str(size) for size in sizes) or "scalar"
