"""Which of several tries and runs count, and which table belongs to which model."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

from coralexp.edgetpu.compiler.model_block import ModelBlock
from coralexp.edgetpu.compiler.output import Attempt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.compiler.output import ModelOutput

_NOTHING = [Attempt()]


def that_count(runs: list[list[Attempt]], of_log_file: list[bool]) -> list[Attempt]:
    """Return the tries that count.

    A log file behind an output adds its table to the same model; runs that each name other models
    all count; else a later run replaces an earlier one.
    """
    kept: list[list[Attempt]] = []
    for run, is_log_file in zip(runs, of_log_file, strict=True):
        if run == _NOTHING:
            continue
        if is_log_file and kept and _inputs(run) and _inputs(run) <= _inputs(kept[-1]):
            kept[-1] = with_tables(kept[-1], [m for attempt in run for m in attempt.models])
        else:
            kept.append(run)
    if not kept:
        return []
    inputs = [_inputs(run) for run in kept]
    apart = len(set().union(*inputs)) == sum(map(len, inputs))
    if all(inputs) and apart:
        return [attempt for run in kept for attempt in run]
    return kept[-1]


def with_tables(attempts: Sequence[Attempt], logs: Sequence[ModelOutput]) -> list[Attempt]:
    """Return attempts whose models have the tables of their log files where they have none."""
    rows = {_name(log.input_path): log for log in logs if log.rows}

    def completed(model: ModelOutput) -> ModelOutput:
        log = rows.get(_name(model.input_path))
        if log is None or model.rows:
            return model
        if model.edgetpu_ops is None:
            block = ModelBlock({"total_ops": model.total_ops} if model.total_ops else {})
            block.rows = list(log.rows)
            counted = block.finish()
            model = dataclasses.replace(
                model,
                total_ops=counted.total_ops,
                edgetpu_ops=counted.edgetpu_ops,
                cpu_ops=counted.cpu_ops,
                counts_from=counted.counts_from,
            )
        return dataclasses.replace(model, rows=log.rows)

    return [
        dataclasses.replace(attempt, models=tuple(map(completed, attempt.models)))
        for attempt in attempts
    ]


def _inputs(run: Sequence[Attempt]) -> set[str]:
    return {
        _name(model.input_path) for attempt in run for model in attempt.models if model.input_path
    }


def _name(path: str | None) -> str:
    return (path or "").replace("\\", "/").rsplit("/", 1)[-1]
