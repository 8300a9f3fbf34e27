"""How a run made again compares with what it gave before, in lines."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.pipeline.comparison import Comparison, Difference

_MOST_FILES = 8


def verdict_lines(run: str, comparison: Comparison) -> Iterator[str]:
    """Yield the verdict, and everything that is not the same.

    Args:
        run: What was made again: the id of the earlier run.
        comparison: With that run.
    """
    yield f"{run}: {comparison.verdict}"
    for metric in comparison.metrics:
        yield f"  {_metric(metric)}"
    if not comparison.metrics and comparison.verdict != "identical to the bit":
        yield "  every metric is equal"
    if comparison.unknown:
        yield f"  nothing is known of the earlier bits of {', '.join(comparison.unknown)}"
    if comparison.files:
        shown = comparison.files[:_MOST_FILES]
        more = len(comparison.files) - len(shown)
        rest = f", and {more} more" if more else ""
        yield f"  other bits: {', '.join(shown)}{rest}"
    if comparison.verdict != "identical to the bit":
        for cause in comparison.causes:
            yield f"  differs: {cause}"
        if not comparison.causes and comparison.files:
            yield "  code, packages, processor, threads and data are the same"


def _metric(one: Difference) -> str:
    if one.before is None:
        return f"{one.metric} {one.now:.6g}, which there was not"
    if one.now is None:
        return f"{one.metric} {one.before:.6g} is no longer there"
    word = "within" if one.is_within else "beyond"
    by = abs(one.now - one.before)
    return (
        f"{one.metric} {one.before:.6g}, now {one.now:.6g}: "
        f"off by {by:.3g}, {word} {one.tolerance:.3g}"
    )
