"""How long the rest will take."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step

_TRUSTED_AFTER_S = 1.0  # a rate seen for less is a guess


@dataclass
class Pace:
    """The speed of a stage, one for each thing that it counts."""

    _first: dict[str, tuple[int, float]] = field(default_factory=dict)

    def left_s(self, step: Step, now: float) -> float | None:
        """Return the seconds until the total is reached; None while that cannot be told.

        The first step counts as the start: what came before, such as the compilation of a graph,
        is not repeated.

        Args:
            step: How far it is.
            now: Seconds of a clock that only goes forward.
        """
        done, began = self._first.setdefault(step.unit, (step.done, now))
        if step.done < done:  # it began anew
            self._first[step.unit] = (step.done, now)
            return None
        if not step.total or step.done == done or now - began < _TRUSTED_AFTER_S:
            return None
        return max(0, step.total - step.done) * (now - began) / (step.done - done)


def in_words(seconds: float) -> str:
    """Return a duration: `0.4 s`, `12 s`, `3 min 05 s`, `1 h 02 min`."""
    if seconds < 9.95:  # noqa: PLR2004 - below it, tenths tell something
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes_of_hour = divmod(minutes, 60)
    if hours:
        return f"{hours} h {minutes_of_hour:02d} min"
    return f"{minutes} min {rest:02d} s" if minutes else f"{rest} s"
