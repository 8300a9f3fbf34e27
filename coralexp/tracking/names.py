"""What a run is called where people read it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord

_IN_THE_NAME = ("backbone", "quant", "device")
_LONGEST = 240  # MLflow's databases take 250 characters


def differing(overrides: Sequence[str], sweep: Sequence[str]) -> list[str]:
    """Return the overrides that tell a job from the others of its sweep.

    Args:
        overrides: Those of the job, such as `backbone=mobilenetv2`, `quant=ptq`.
        sweep: Those of the sweep as the user wrote them, such as `quant=ptq,qat`.
    """
    shared = set(sweep)
    return [override for override in overrides if override not in shared]


def run_name(record: RunRecord, sweep: Sequence[str] = ()) -> str:
    """Return a readable name: `mobilenetv2 ptq usb dataset.limit=100`.

    Args:
        record: A run, or a sweep, which is named after everything the user wrote.
        sweep: Overrides of its sweep; empty for a job alone.
    """
    if record.kind == "sweep":
        return _cut(" ".join(["sweep", *record.overrides]))
    choices = [record.choices[group] for group in _IN_THE_NAME if group in record.choices]
    rest = [
        override
        for override in differing(record.overrides, sweep)
        if override.partition("=")[0] not in _IN_THE_NAME
    ]
    return _cut(" ".join([*choices, *rest]) or record.id)


def _cut(name: str) -> str:
    return name if len(name) <= _LONGEST else f"{name[: _LONGEST - 3]}..."
