"""The table of operators as files: for people, and for programs."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

from coralexp.edgetpu.inspection_record import operator_record
from coralexp.report.inspection.figures import in_bytes, in_macs
from coralexp.report.inspection.folding import WHERE, status, verdict

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.edgetpu.inspection import Inspection

COLUMNS = (
    "index",
    "op",
    "version",
    "placement",
    "status",
    "reason",
    "advice",
    "macs",
    "parameter_bytes",
    "activation_bytes",
)


def write_operator_table(inspection: Inspection, path_md: Path, path_csv: Path) -> None:
    """Write every operator: where it runs, why, and what to change.

    Args:
        inspection: What is known of a file.
        path_md: Receives Markdown, with the verdict on top.
        path_csv: Receives the columns `COLUMNS`, named as in the JSON contract; what is not known
            is empty.
    """
    with path_csv.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(operator_record(operator) for operator in inspection.operators)
    path_md.write_text("\n".join(_markdown(inspection)) + "\n", encoding="utf-8")


def _markdown(inspection: Inspection) -> list[str]:
    verdicts = [f"{verdict(inspection).capitalize()}.", ""]
    for each in inspection.placement.rejections:
        verdicts += [
            f"- **{_cell(each.text or 'refused')}**: {_cell(each.reason)} {_cell(each.advice)}"
        ]
    titles = ["#", "operator", "version", "runs on", "status", "reason", "advice", "MACs"]
    lines = ["", f"| {' | '.join([*titles, 'parameters'])} |"]
    lines += ["|---:|---|---:|---|---|---|---|---:|---:|"]
    for operator in inspection.operators:
        placed = operator.placed
        cells = (
            str(placed.index),
            placed.op,
            str(placed.version),
            WHERE[placed.placement],
            status(operator),
            placed.reason,
            placed.advice,
            in_macs(operator.macs),
            in_bytes(operator.parameter_bytes),
        )
        lines.append(f"| {' | '.join(map(_cell, cells))} |")
    return verdicts + lines


def _cell(text: str) -> str:
    """Return a text that stays in its cell, and is shown as it is."""
    flat = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    for sign in ("\\", "`", "*", "_", "|", "<", "[", "~"):
        flat = flat.replace(sign, f"\\{sign}")
    return flat
