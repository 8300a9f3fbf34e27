"""The published judgement of the model belongs to the constants that are in use, and is good."""

from __future__ import annotations

import re
from pathlib import Path

from coralexp.edgetpu.latency.constants import fitted

RESULTS = Path(__file__).resolve().parents[3] / "benchmarks" / "latency" / "RESULTS.md"


def percentages(line_starts: str) -> list[float]:
    text = RESULTS.read_text(encoding="utf-8")
    (line,) = [line for line in text.splitlines() if line.startswith(line_starts)]
    return [float(number) for number in re.findall(r"([\d.]+)%", line)]


def test_networks_left_out_are_predicted_as_promised() -> None:
    for rows in ("| over 16 networks", "| over the 10 of them", "| over 73 times"):
        median, ninth = percentages(rows)

        assert median <= 8
        assert ninth <= 20


def test_the_interval_is_the_one_in_use() -> None:
    text = " ".join(RESULTS.read_text(encoding="utf-8").split())

    assert f"a factor of {fitted().interval_factor:.3f} either way" in text


def test_efficiencies_are_shares_and_rates_are_positive() -> None:
    chip = fitted().chip

    assert all(0 < share <= 1 for share in chip.efficiency.values())
    assert all(rate > 0 for rate in chip.activation_gb_per_s.values())
    assert 0 < chip.operator_ms < 0.1
