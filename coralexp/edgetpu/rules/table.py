"""Every rule in the order in which an operator is held against them, and the manual."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.edgetpu.rules import (
    convolution,
    joining,
    pooling,
    recurrent,
    reductions,
    reshaping,
    resizing,
)
from coralexp.edgetpu.rules.constants import PARAMETERS
from coralexp.edgetpu.rules.contract import MAPPED, NOT_SUPPORTED, Rule
from coralexp.edgetpu.rules.dtypes import READS, WRITES
from coralexp.edgetpu.rules.shapes import DIMENSIONS, STATIC
from coralexp.edgetpu.rules.support import SUPPORT, advice_for

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.placement import Where
    from coralexp.edgetpu.rules.step import Step

RULES: Sequence[Rule] = (
    WRITES,
    SUPPORT,
    STATIC,
    DIMENSIONS,
    PARAMETERS,
    READS,
    *convolution.RULES,
    *pooling.RULES,
    *reductions.RULES,
    *joining.RULES,
    *reshaping.RULES,
    *resizing.RULES,
    *recurrent.RULES,
)


@dataclass(frozen=True)
class Verdict:
    """What the rules say of one operator by itself, before the partition.

    Attributes:
        placement: `edgetpu` if it keeps every rule, `cpu` if it breaks one, `unknown` if it
            breaks none and one has no evidence.
        status: In the compiler's words; empty if unknown.
        reason: The rule that it breaks, and its tensors; empty if it is mapped.
        advice: What to change; empty if it is mapped.
    """

    placement: Where
    status: str
    reason: str = ""
    advice: str = ""


def judge(step: Step) -> Verdict:
    """Hold an operator against every rule; the first that it breaks decides."""
    doubtful = None
    for each in RULES:
        if not each.concerns(step.name):
            continue
        holds = each.holds(step)
        if holds is False:
            return Verdict("cpu", each.status, _reason(each, step), _advice(each, step))
        if holds is None and doubtful is None:
            doubtful = each
    if doubtful is None:
        return Verdict("edgetpu", MAPPED)
    return Verdict(
        "unknown",
        "",
        f"No public evidence says whether {step.name} is mapped here. {_reason(doubtful, step)}",
        f"{_advice(doubtful, step)}; only edgetpu_compiler itself can tell",
    )


def manual() -> Sequence[Rule]:
    """Return every rule, in order: `name`, `text`, `operators`, `status`, `advice`, `source`."""
    return RULES


def _reason(broken: Rule, step: Step) -> str:
    return f"{broken.text} Here {step.name} turns {step.described()}."


def _advice(broken: Rule, step: Step) -> str:
    special = advice_for(step.name) if not step.operator.is_custom else ""
    if step.operator.is_custom:
        return "leave it on the CPU: a model may end in it, and nothing on the chip follows"
    if special and (broken.status == NOT_SUPPORTED or broken is WRITES):
        return special
    return broken.advice
