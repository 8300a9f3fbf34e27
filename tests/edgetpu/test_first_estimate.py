"""The estimate is as near to published times as it says."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.first_estimate import INTERVAL_FACTOR, Latency, Link, estimate
from coralexp.spec.compose import parse
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.devices.contract import EdgeTpu

# Computed from Coral's own files; 8-bit parameters, so a byte each.
NETWORKS = {
    "mobilenet_v1_1.0_224": (568_741_376, 4_276_000),
    "mobilenet_v2_1.0_224": (300_775_552, 3_543_276),
}
INPUT_BYTES = 224 * 224 * 3


def chip(*args: str) -> EdgeTpu:
    (experiment,) = parse(args).experiments
    tpu: EdgeTpu = bind(experiment["device"])().edge_tpu
    return tpu


def estimated(network: str, *args: str) -> Latency:
    tpu = chip(*args)
    macs, parameter_bytes = NETWORKS[network]
    return estimate(macs, parameter_bytes, INPUT_BYTES, tpu.link, tpu.clock_mhz)


def published(shared: Path, network: str, platform: str, host: str) -> list[float]:
    """Return the milliseconds of a network alone, from the runtime's own benchmarks."""
    with (shared / "edgetpu" / "latencies.csv").open(encoding="utf-8", newline="") as file:
        return [
            float(row["latency_ms"])
            for row in csv.DictReader(file)
            if row["model"] == network
            and row["platform"] == platform
            and host in row["host"]
            and row["provenance"] == "seen"
            and "end-to-end" not in row["notes"]
        ]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize(
    ("device", "platform", "host"),
    [
        ("usb", "usb3", "Xeon E5-1650"),
        ("dev_board", "devboard", "Coral Dev Board i.MX8M"),
        ("rpi4", "usb3", "Raspberry Pi 4B"),
        ("rpi3", "usb2", "Raspberry Pi 3B"),
    ],
)
def test_published_times_lie_in_the_interval(
    shared: Path, network: str, device: str, platform: str, host: str
) -> None:
    times_ms = published(shared, network, platform, host)
    latency = estimated(network, f"device={device}")

    assert times_ms
    assert all(latency.low_ms <= time_ms <= latency.high_ms for time_ms in times_ms)


def test_the_one_published_time_of_the_mini_lies_in_the_interval(shared: Path) -> None:
    (time_ms,) = published(shared, "mobilenet_v2_1.0_224", "devboard_mini", "Dev Board Mini")
    latency = estimated("mobilenet_v2_1.0_224", "device=dev_board_mini")

    assert latency.ms == pytest.approx(time_ms, rel=0.05)


def test_the_standard_clock_is_estimated_as_published(shared: Path) -> None:
    (time_ms,) = published(shared, "mobilenet_v1_1.0_224", "usb3", "i9-13900K, libedgetpu1-std")
    latency = estimated("mobilenet_v1_1.0_224", "device=usb", "device.clock=std")

    assert latency.ms == pytest.approx(time_ms, rel=0.05)


def test_an_estimate_says_so_and_has_an_interval() -> None:
    latency = estimated("mobilenet_v1_1.0_224", "device=usb")

    assert latency.source == "estimated"
    assert latency.high_ms == pytest.approx(latency.ms * INTERVAL_FACTOR)
    assert latency.low_ms == pytest.approx(latency.ms / INTERVAL_FACTOR)


LINK = Link(fixed_ms=0.5, input_mb_per_s=100.0, stream_mb_per_s=400.0)


def test_nothing_to_do_takes_the_fixed_time() -> None:
    assert estimate(0, 0, 0, LINK, 500).ms == pytest.approx(0.5)


def test_input_takes_its_time_on_the_link() -> None:
    assert estimate(0, 0, 200_000, LINK, 500).ms == pytest.approx(0.5 + 2.0)


def test_parameters_in_the_cache_take_none_and_others_are_streamed() -> None:
    assert estimate(0, 5_900_000, 0, LINK, 500).ms == pytest.approx(0.5)
    assert estimate(0, 9_900_000, 0, LINK, 500).ms == pytest.approx(0.5 + 10.0)


def test_streaming_and_arithmetic_overlap() -> None:
    arithmetic = estimate(9_400_000_000, 0, 0, LINK, 500).ms

    assert arithmetic == pytest.approx(0.5 + 20.0)
    assert estimate(9_400_000_000, 9_900_000, 0, LINK, 500).ms == pytest.approx(arithmetic)


def test_half_the_clock_doubles_the_arithmetic_alone() -> None:
    fast, slow = (estimate(470_000_000, 0, 100_000, LINK, clock) for clock in (500, 250))

    assert slow.ms - fast.ms == pytest.approx(1.0)
