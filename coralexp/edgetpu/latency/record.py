"""A latency as a file: `latency.json`."""

from __future__ import annotations

import dataclasses
import json
from typing import TYPE_CHECKING

from coralexp.edgetpu.latency.contract import Latency, Span
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "latency.json"
SCHEMA = 1


def write_latency(latency: Latency, folder: Path) -> None:
    """Write `latency.json`, which names its schema."""
    fields = {"schema": SCHEMA, **dataclasses.asdict(latency)}
    (folder / FILE).write_text(json.dumps(fields, indent=1), "utf-8")


def read_latency(folder: Path) -> Latency | None:
    """Return what `write_latency` wrote; None if there is none.

    Raises:
        StoreError: If a newer coralexp wrote it.
    """
    path = folder / FILE
    if not path.is_file():
        return None
    fields = json.loads(path.read_text("utf-8"))
    if fields.pop("schema", None) != SCHEMA:
        raise StoreError(f"{path}: this coralexp reads schema {SCHEMA}")
    spans = tuple(Span(**span) for span in fields.pop("spans"))
    warnings = tuple(fields.pop("warnings"))
    return Latency(**fields, spans=spans, warnings=warnings)
