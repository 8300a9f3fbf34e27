"""Runs as rows: for a CSV file, and as a pandas table in Python."""

from __future__ import annotations

import csv
import json
import time
from typing import IO, TYPE_CHECKING

from coralexp.artifacts.parameters import parameters

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from coralexp.artifacts.record import Json, RunRecord


def rows(records: Sequence[RunRecord]) -> list[dict[str, Json]]:
    """Return a row a run: `id`, `state`, ..., then parameters, metrics and tags by their names."""
    return [
        {
            "id": record.id,
            "state": record.state,
            "error": record.error,
            "sweep": record.sweep,
            "overrides": " ".join(record.overrides),
            "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.started)),
            "seconds": None if record.ended is None else round(record.ended - record.started, 3),
            "commit": record.commit,
            "mlflow_run_id": record.mlflow_run_id,
            **parameters(record),
            **record.metrics,
            **record.tags,
        }
        for record in records
        if record.kind == "run"
    ]


def column_names(table: Sequence[dict[str, Json]]) -> list[str]:
    """Return the names that occur in any row, in the order in which they come up."""
    return list(dict.fromkeys(name for row in table for name in row))


def write_csv(records: Sequence[RunRecord], file: IO[str]) -> None:
    """Write everything that is known of the runs; what one of them lacks is empty.

    Args:
        records: Runs; sweeps among them are passed over.
        file: Open text file, without translation of line ends (`newline=""`).
    """
    table = rows(records)
    writer = csv.DictWriter(file, column_names(table), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in row.items()} for row in table)


def frame(records: Sequence[RunRecord]) -> pd.DataFrame:
    """Return the runs as a pandas table, a row a run: id, state, parameters, metrics, tags.

    Args:
        records: Runs; sweeps among them are passed over.
    """
    import pandas as pd

    table = rows(records)
    data = pd.DataFrame(table, columns=column_names(table) or ["id", "state", "started"])
    data["started"] = pd.to_datetime(data["started"])
    return data


def _plain(value: Json) -> Json:
    return json.dumps(value) if isinstance(value, list | dict) else value
