"""Where the operators of a model run: on the Edge TPU, on the CPU, or nobody knows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Where = Literal["edgetpu", "cpu", "unknown"]


@dataclass(frozen=True)
class OperatorPlacement:
    """Where one operator runs, and why.

    Attributes:
        index: Place in the order of execution, from 0.
        op: Builtin name such as `CONV_2D`, or the custom code.
        version: Of the operator's definition.
        placement: `edgetpu`, `cpu`, or `unknown` where no evidence says which.
        status: In the compiler's words, such as `Mapped to Edge TPU`; empty if unknown, or if the
            compiler refuses the model and so gives no status.
        reason: In ours; empty for an operator that is mapped.
        advice: What to change in the model or its conversion, in one line; empty if there is
            nothing to change.
    """

    index: int
    op: str
    version: int
    placement: Where
    status: str
    reason: str = ""
    advice: str = ""


@dataclass(frozen=True)
class Rejection:
    """Why the compiler would refuse the whole model.

    Attributes:
        text: In the compiler's words, such as `Model not quantized`; empty where no public log
            shows them.
        reason: In ours, with the tensor or operator that is at fault.
        advice: What to change in the model or its conversion, in one line.
    """

    text: str
    reason: str
    advice: str


@dataclass(frozen=True)
class Placement:
    """Where everything of a model runs.

    Attributes:
        rejections: Empty if the compiler would take the model.
        operators: Of the main subgraph, in the order of execution; all on the CPU if rejected.
    """

    rejections: tuple[Rejection, ...]
    operators: tuple[OperatorPlacement, ...]

    @property
    def accepted(self) -> bool:
        """Whether the compiler would take the model."""
        return not self.rejections

    def count(self, where: Where) -> int:
        """Return how many operators run there."""
        return sum(operator.placement == where for operator in self.operators)

    @property
    def mapped_ratio(self) -> float:
        """Share of operators on the Edge TPU, in [0, 1]; unknown ones count as not mapped."""
        return self.count("edgetpu") / len(self.operators) if self.operators else 0.0
