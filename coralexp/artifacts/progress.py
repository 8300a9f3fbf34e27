"""How long work tells how far it is, without knowing who listens."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Step:
    """How far a piece of work is.

    Attributes:
        done: Units finished.
        total: Units in all; 0 if unknown.
        unit: What is counted, in the plural: `images`, `epochs`.
        facts: Figures of the moment, such as `loss`, `accuracy`, `images_per_s`.
        note: What the user should read once, such as after which epoch it was resumed.
        is_elsewhere: From here on another machine works, and this one is free for others.
        lost: Address of a board that does not answer; the note says why.
    """

    done: int
    total: int
    unit: str
    facts: Mapping[str, float] = field(default_factory=dict)
    note: str = ""
    is_elsewhere: bool = False
    lost: str = ""


Progress = Callable[[Step], None]


def silent(step: Step) -> None:
    """Tell nobody."""
