"""What a rule is: a predicate whose docstring is the rule, the message and the manual."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

MAPPED = "Mapped to Edge TPU"
ONE_SUBGRAPH = "More than one subgraph is not supported"
DATA_TYPE = "Operation is working on an unsupported data type"
NOT_SUPPORTED = "Operation not supported"
UNSPECIFIED = "Operation is otherwise supported, but not mapped due to some unspecified limitation"
RANK = "Tensor has unsupported rank (up to 3 innermost dimensions mapped)"
STRIDES = "Only Strided-Slice with unitary strides supported"
NOT_CONSTANT = "Filter, bias, or other param is not constant at compile-time"
IMPRECISE = "Image-interpolation layer won't run precisely enough on Edge TPU"
ROWS = "For example, a fully-connected or softmax layer with 2D output"

DOCUMENTED = "https://coral.ai/docs/edgetpu/models-intro/#supported-operations"

Predicate = Callable[["Step"], bool | None]
"""Whether an operator keeps a rule; None where no evidence says."""


@dataclass(frozen=True)
class Rule:
    """One thing that an operator has to keep to run on the Edge TPU.

    Attributes:
        holds: The predicate; its docstring is the rule in words.
        status: What the compiler says of an operator that breaks it.
        advice: What to change in the model or its conversion, in one line.
        source: Where it is said or was seen.
        operators: Names that it is about; all if empty.
    """

    holds: Predicate
    status: str
    advice: str
    source: str
    operators: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """Name of the predicate, such as `has_static_shapes`."""
        return self.holds.__name__

    @property
    def text(self) -> str:
        """The rule in words, on one line."""
        return " ".join((inspect.getdoc(self.holds) or "").split())

    def concerns(self, name: str) -> bool:
        """Return whether the rule is about an operator of that name."""
        return not self.operators or name in self.operators


def rule(
    holds: Predicate, status: str, advice: str, *operators: str, source: str = DOCUMENTED
) -> Rule:
    """Return a rule about the operators that are named, or about all.

    Args:
        holds: The predicate.
        status: In the compiler's words.
        advice: In ours, one line.
        operators: Names in the schema, such as `CONV_2D`.
        source: Address, or name of a public log or issue.
    """
    return Rule(holds, status, advice, source, frozenset(operators))
