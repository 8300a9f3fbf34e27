"""What was chosen for a run, as flat names and values: for MLflow, tables and comparisons."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.artifacts.record import Json, RunRecord


def parameters(record: RunRecord) -> dict[str, Json]:
    """Return the choices (`backbone`), their options (`backbone.width`) and the `seed` of a run.

    The order is that of the stored configuration: each choice, then its options. A sweep has none.
    """
    flat: dict[str, Json] = {}
    for name, part in record.config.items():
        if isinstance(part, dict) and "choice" in part:
            flat[name] = part["choice"]
            options = part.get("options")
            if isinstance(options, dict):
                flat |= {f"{name}.{option}": value for option, value in options.items()}
    if "seed" in record.config:
        flat["seed"] = record.config["seed"]
    return flat
