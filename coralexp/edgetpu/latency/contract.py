"""The time of one inference, and what it is made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Source = Literal["measured", "estimated"]


@dataclass(frozen=True)
class Span:
    """A part of the time of one inference.

    Attributes:
        label: What is done: an operator's name, `input`, `output`, `instructions`, `invocation`.
        operator: Index of the operator in the main subgraph; None for what belongs to none.
        where: `link` between host and chip, `edgetpu` or `cpu`.
        ms: Milliseconds.
        bound: What the time goes into, such as `arithmetic`, `parameters streamed`, `activations`;
            empty where that is plain.
    """

    label: str
    operator: int | None
    where: Literal["link", "edgetpu", "cpu"]
    ms: float
    bound: str = ""


@dataclass(frozen=True)
class Latency:
    """The time of one inference on one device.

    Attributes:
        ms: Best guess of a steady inference, in milliseconds.
        low_ms: Lower end of the 90 % interval.
        high_ms: Upper end.
        source: `estimated` or `measured`.
        first_ms: Of the first inference, which uploads the parameters; None if unknown.
        spans: What `ms` is made of, in the order of execution; may be empty.
        warnings: Where the chip does not pay, a sentence each.
    """

    ms: float
    low_ms: float
    high_ms: float
    source: Source
    first_ms: float | None = None
    spans: tuple[Span, ...] = ()
    warnings: tuple[str, ...] = ()
