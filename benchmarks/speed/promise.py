"""What a row of the table is: a ratio that is promised, and how it was found."""

from __future__ import annotations

import statistics
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

Json = None | bool | int | float | str | list["Json"] | dict[str, "Json"]


@dataclass(frozen=True)
class Found:
    """What one row gave: both sides, measured in turn on one machine.

    Attributes:
        ours: Seconds (or bytes) of each round of coralexp.
        reference: The same of what it is compared with.
        scale: What was run on both sides, in words.
        unit: Of both.
        facts: What else was measured, in words.
        conditions: What must hold besides the ratio, and whether it does.
    """

    ours: Sequence[float]
    reference: Sequence[float]
    scale: str
    unit: Literal["s", "bytes"] = "s"
    facts: Sequence[str] = ()
    conditions: dict[str, bool] = field(default_factory=dict)

    def to_json(self) -> dict[str, Json]:
        """Return it as plain values: what `from_json` takes."""
        return asdict(self)


@dataclass(frozen=True)
class Promise:
    """A ratio that is promised.

    Attributes:
        name: How the row is called on the command line.
        what: What coralexp does.
        against: What it is compared with.
        bound: The promised ratio.
        measure: Measures it in an empty folder; in the quick form only so that the shape of the
            result can be seen.
        kind: `faster`: reference / ours, at least the bound; `share`: ours / reference, at most.
    """

    name: str
    what: str
    against: str
    bound: float
    measure: Callable[[Path, bool], Found]
    kind: Literal["faster", "share"] = "faster"

    def ratio(self, found: Found) -> float:
        """Return the ratio of the medians."""
        return self._of(statistics.median(found.ours), statistics.median(found.reference))

    def spread(self, found: Found) -> tuple[float, float]:
        """Return the least and the greatest ratio of any round of ours to any of the reference."""
        ratios = [self._of(ours, other) for ours in found.ours for other in found.reference]
        return min(ratios), max(ratios)

    def is_kept(self, found: Found) -> bool:
        """Return whether the ratio is as promised and all conditions hold."""
        ratio = self.ratio(found)
        within = ratio >= self.bound if self.kind == "faster" else ratio <= self.bound
        return within and all(found.conditions.values())

    def _of(self, ours: float, reference: float) -> float:
        return reference / ours if self.kind == "faster" else ours / reference
