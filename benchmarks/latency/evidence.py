"""The published times that the model is fitted to and judged by: `published.csv`, `cpu.csv`.

Left out of what was found: times of the CPU (they are in cpu.csv), networks compiled together,
times that include resizing an image, values quoted from memory. Hosts that are not named, networks
of which the published file is not certain, and networks with operators on the CPU are in
`not_fitted.csv`: they judge the model, and do not shape it.
"""

from __future__ import annotations

import csv
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Published:
    """One published time.

    Attributes:
        network: Key of `networks.NETWORKS`, or a file of Coral's.
        device: Choice of the group `device`.
        clock: `max` or `std`.
        ms: One inference, in milliseconds.
        source: Where it was published.
        notes: What is special about it.
    """

    network: str
    device: str
    clock: str
    ms: float
    source: str
    notes: str = ""


def published() -> list[Published]:
    """Return the times on the Edge TPU."""
    return _read("published.csv")


def not_fitted() -> list[Published]:
    """Return times that are told, but not fitted to; each says why in `not_fitted.csv`."""
    return _read("not_fitted.csv")


def _read(name: str) -> list[Published]:
    with (FOLDER / name).open(encoding="utf-8", newline="") as file:
        return [
            Published(
                row["network"],
                row["device"],
                row["clock"],
                float(row["ms"]),
                row["source"],
                row["notes"],
            )
            for row in csv.DictReader(file)
        ]


def cpu_times() -> list[Published]:
    """Return the times on the processors beside it, one thread of TensorFlow Lite of 2019."""
    with (FOLDER / "cpu.csv").open(encoding="utf-8", newline="") as file:
        return [
            Published(row["network"], row["host"], "", float(row["ms"]), row["source"])
            for row in csv.DictReader(file)
        ]


def weights(rows: list[Published]) -> list[float]:
    """Return weights that count each network on each device once, however often it is told."""
    count = Counter((row.network, row.device, row.clock) for row in rows)
    return [1 / count[row.network, row.device, row.clock] for row in rows]
