"""Operators of one kind and one fate told once: 300 operators become a few rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.edgetpu.inspection import InspectedOperator, Inspection
    from coralexp.edgetpu.placement import Where

WHERE: dict[Where, str] = {"edgetpu": "Edge TPU", "cpu": "CPU", "unknown": "unknown"}


@dataclass(frozen=True)
class Fold:
    """Operators of one name that fare alike, as in a row of the compiler's own table.

    Attributes:
        operators: At least one, in the order of execution.
    """

    operators: tuple[InspectedOperator, ...]

    @property
    def op(self) -> str:
        """Their name."""
        return self.operators[0].placed.op

    @property
    def where(self) -> Where:
        """Where they run."""
        return self.operators[0].placed.placement

    @property
    def status(self) -> str:
        """What the compiler says of them, or why nothing can be said."""
        return status(self.operators[0])

    @property
    def macs(self) -> int | None:
        """Multiplications of all of them; None if those of one are not known."""
        known = [each.macs for each in self.operators if each.macs is not None]
        return sum(known) if len(known) == len(self.operators) else None

    @property
    def hopeless(self) -> list[str]:
        """Why those are where they are for whom nothing can be changed, each reason once."""
        placed = (operator.placed for operator in self.operators)
        return list(
            dict.fromkeys(each.reason for each in placed if each.reason and not each.advice)
        )

    @property
    def parameter_bytes(self) -> int:
        """Of the constants that they read."""
        return sum(each.parameter_bytes for each in self.operators)


@dataclass(frozen=True)
class Advice:
    """One thing to change, and what for.

    Attributes:
        text: What to change.
        reasons: Why, each once.
        operators: That it would help, in the order of execution.
    """

    text: str
    reasons: tuple[str, ...]
    operators: tuple[InspectedOperator, ...]


def status(operator: InspectedOperator) -> str:
    """Return what the compiler says of an operator, or where it runs if that is not known."""
    return (
        operator.placed.status
        or {
            "cpu": "left on the CPU",
            "edgetpu": "on the Edge TPU",
            "unknown": "unknown: no evidence tells",
        }[operator.placed.placement]
    )


def folds(inspection: Inspection) -> list[list[Fold]]:
    """Return the operators by status and then by name, each in the order of first occurrence."""
    fates: dict[tuple[str, str], dict[str, list[InspectedOperator]]] = {}
    for operator in inspection.operators:
        placed = operator.placed
        names = fates.setdefault((placed.placement, status(operator)), {})
        names.setdefault(placed.op, []).append(operator)
    return [[Fold(tuple(each)) for each in names.values()] for names in fates.values()]


def advices(inspection: Inspection) -> list[Advice]:
    """Return what to change, each thing once, in the order of the operators it would help."""
    kinds: dict[str, list[InspectedOperator]] = {}
    for operator in inspection.operators:
        if operator.placed.advice:
            kinds.setdefault(operator.placed.advice, []).append(operator)
    return [
        Advice(
            text,
            tuple(dict.fromkeys(each.placed.reason for each in operators if each.placed.reason)),
            tuple(operators),
        )
        for text, operators in kinds.items()
    ]


def verdict(inspection: Inspection) -> str:
    """Return in a sentence how a model stands with the chip."""
    if not inspection.accepted:
        return "the compiler would refuse it; all of it runs on the CPU"
    count = len(inspection.placement.operators)
    mapped, unknown = inspection.count("edgetpu"), inspection.count("unknown")
    if inspection.compiled is not None:
        left = len(inspection.compiled.cpu_operators)
        outside = f"{left} operator{'s' * (left != 1)} left on the CPU" if left else ""
        return outside or "all of it runs on the chip"
    doubt = f", {unknown} unknown" if unknown else ""
    share = f"{inspection.mapped_ratio:.1%}".replace(".0%", "%")
    return f"{mapped} of {count} operators on the chip ({share}{doubt})"


def without_time(inspection: Inspection) -> str:
    """Return why there is no time on a device."""
    if not inspection.accepted:
        return "the chip cannot run the model"
    if not inspection.count("edgetpu"):
        return "no operator runs on the chip"
    if inspection.compiled is None:
        return "no Edge TPU"
    return "a compiled file does not hold its operators, from which times are predicted"
