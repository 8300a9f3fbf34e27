"""A placement as a file: `placement.json`."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.edgetpu.placement import OperatorPlacement, Placement, Rejection
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

FILE = "placement.json"
SCHEMA = 1


@dataclass(frozen=True)
class PlacedModel:
    """Where a model runs, and where its parameters are.

    Attributes:
        placement: Of its operators.
        on_chip_bytes: Parameters that stay on the chip; None if it runs nothing of the model.
        off_chip_bytes: Parameters that every inference sends; None as above.
    """

    placement: Placement
    on_chip_bytes: int | None
    off_chip_bytes: int | None


def write_placed(placed: PlacedModel, folder: Path) -> None:
    """Write `placement.json`, which names its schema."""
    fields = {"schema": SCHEMA, **dataclasses.asdict(placed)}
    (folder / FILE).write_text(json.dumps(fields, indent=1), "utf-8")


def read_placed(folder: Path) -> PlacedModel:
    """Return what `write_placed` wrote.

    Raises:
        StoreError: If a newer coralexp wrote it.
    """
    fields = json.loads((folder / FILE).read_text("utf-8"))
    if fields.pop("schema", None) != SCHEMA:
        raise StoreError(f"{folder / FILE}: this coralexp reads schema {SCHEMA}")
    stored = fields.pop("placement")
    placement = Placement(
        tuple(Rejection(**each) for each in stored["rejections"]),
        tuple(OperatorPlacement(**each) for each in stored["operators"]),
    )
    return PlacedModel(placement, **fields)
