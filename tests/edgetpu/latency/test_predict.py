"""The time of an inference adds up, and changes with what decides it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from chain import Chain, placed

from coralexp.edgetpu.executable import read_compiled
from coralexp.edgetpu.latency.constants import fitted
from coralexp.edgetpu.latency.predict import host_ms, predict
from coralexp.edgetpu.place import place
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from coralexp.edgetpu.latency.contract import Latency
    from coralexp.edgetpu.latency.platform import Platform
    from coralexp.tflite.graph import Graph

    Platforms = Callable[..., Platform]


def small() -> Graph:
    chain = Chain((1, 32, 32, 3))
    return chain.conv(64).conv(64).add("MAX_POOL_2D", (1, 16, 16, 64)).conv(64).graph()


def predicted(graph: Graph, platform: Platform, *cpu: int) -> Latency:
    latency = predict(graph, placed(graph, *cpu), platform)
    assert latency is not None
    return latency


def test_the_parts_add_up_to_the_whole(platform: Platforms) -> None:
    latency = predicted(small(), platform("usb"))

    assert sum(span.ms for span in latency.spans) == pytest.approx(latency.ms)
    assert [span.label for span in latency.spans] == [
        "invocation",
        "input",
        "instructions",
        "CONV_2D",
        "CONV_2D",
        "MAX_POOL_2D",
        "CONV_2D",
        "output",
    ]
    assert latency.source == "estimated"


def test_the_interval_is_the_fitted_factor_either_way(platform: Platforms) -> None:
    latency = predicted(small(), platform("usb"))
    factor = fitted().interval_factor

    assert latency.high_ms == pytest.approx(latency.ms * factor)
    assert latency.low_ms == pytest.approx(latency.ms / factor)


def test_a_device_with_borrowed_constants_has_a_wider_interval(platform: Platforms) -> None:
    own, borrowed = (predicted(small(), platform(name)) for name in ("usb", "pcie"))

    assert borrowed.high_ms / borrowed.ms > 1.2 * own.high_ms / own.ms


def test_half_the_clock_doubles_the_chip_alone(platform: Platforms) -> None:
    fast, slow = (predicted(small(), platform("usb", f"clock={c}")) for c in ("max", "std"))

    def on(latency: Latency, where: str) -> float:
        return sum(span.ms for span in latency.spans if span.where == where)

    assert on(slow, "edgetpu") == pytest.approx(2 * on(fast, "edgetpu"))
    assert on(slow, "link") == pytest.approx(on(fast, "link"))


def test_the_first_inference_uploads_the_parameters(platform: Platforms) -> None:
    chip = platform("usb")
    latency = predicted(Chain((1, 64)).dense(2000).dense(2000).graph(), chip)

    assert latency.first_ms is not None
    upload_ms = (64 * 2048 + 2000 * 2048) / (chip.link.stream_mb_per_s * 1e3)
    assert latency.first_ms == pytest.approx(latency.ms + chip.link.fixed_ms + upload_ms)


def test_parameters_that_spill_are_told_and_take_their_time(platform: Platforms) -> None:
    chip = platform("usb")
    latency = predicted(Chain((1, 64)).dense(4000).dense(4000).graph(), chip)

    streamed = [span for span in latency.spans if span.bound == "parameters streamed"]
    assert len(streamed) == 1
    assert streamed[0].ms == pytest.approx(
        4000 * 4032 / (chip.link.stream_mb_per_s * 1e3), rel=0.01
    )
    assert "do not fit on the chip" in latency.warnings[0]


def test_a_cpu_tail_is_told_and_slower_on_a_slower_host(platform: Platforms) -> None:
    graph = small()
    desktop, board = (predicted(graph, platform(name), 3) for name in ("usb", "dev_board"))

    assert any("on the CPU and take" in warning for warning in board.warnings)
    tails = [
        sum(span.ms for span in latency.spans if span.where == "cpu")
        for latency in (desktop, board)
    ]
    assert tails[1] == pytest.approx(tails[0] / platform("dev_board").host.speed)


def test_the_cpu_in_between_costs_a_second_invocation(platform: Platforms) -> None:
    whole, cut = predicted(small(), platform("usb")), predicted(small(), platform("usb"), 2)

    def count(latency: Latency, label: str) -> int:
        return sum(span.label == label for span in latency.spans)

    assert (count(whole, "invocation"), count(cut, "invocation")) == (1, 2)
    assert (count(whole, "output"), count(cut, "output")) == (1, 2)


def test_a_tiny_dense_model_is_told_that_the_chip_does_not_pay(platform: Platforms) -> None:
    latency = predicted(Chain((1, 16)).dense(16).dense(4).graph(), platform("usb"))

    assert any("does not pay" in warning for warning in latency.warnings)


def test_unknown_operators_widen_the_interval_downwards(platform: Platforms) -> None:
    graph = small()
    known = predict(graph, placed(graph, 3), platform("dev_board"))
    unknown = predict(graph, placed(graph, unknown=(3,)), platform("dev_board"))

    assert known is not None
    assert unknown is not None
    assert unknown.ms == known.ms
    assert unknown.low_ms < known.low_ms
    assert any("nobody knows" in warning for warning in unknown.warnings)


def test_nothing_on_the_chip_is_no_time_there(platform: Platforms) -> None:
    graph = Chain((1, 16)).dense(4).graph()

    assert predict(graph, placed(graph, 0), platform("usb")) is None
    assert host_ms(graph, platform("rpi3").host) > host_ms(graph, platform("usb").host) > 0


def test_a_compiled_file_sets_the_bytes_of_instructions(shared: Path, platform: Platforms) -> None:
    folder = shared / "edgetpu" / "models"
    name = "mobilenet_v1_0.75_192_quant"
    model = read_model_file(folder / f"{name}.tflite")
    inside = read_compiled(read_model_file(folder / f"{name}_edgetpu.tflite"))
    chip = platform("usb2")

    latency = predict(model.main, place(model), chip, compiled=inside)

    assert latency is not None
    (code,) = [span for span in latency.spans if span.label == "instructions"]
    assert code.ms == pytest.approx(195_280 / (chip.link.input_mb_per_s * 1e3))


@pytest.mark.parametrize(
    ("name", "device", "published_ms"),
    [
        # google-coral/pycoral at 46f06c8 and coral.ai/docs/edgetpu/benchmarks
        ("mobilenet_v2_1.0_224_quant", "usb", (2.29, 2.6)),
        ("mobilenet_v2_1.0_224_quant", "dev_board", (2.56, 2.69)),
        ("mobilenet_v2_1.0_224_quant", "rpi4", (4.548, 4.9)),
        ("mobilenet_v2_1.0_224_quant", "rpi3", (10.61, 10.77)),
        ("mobilenet_v2_1.0_224_quant", "usb2", (9.973,)),
        ("mobilenet_v2_1.0_224_quant", "dev_board_mini", (19.0,)),
        ("mobilenet_v1_0.25_128_quant", "usb", (0.9,)),
    ],
)
def test_published_times_lie_in_the_interval(
    shared: Path, platform: Platforms, name: str, device: str, published_ms: tuple[float, ...]
) -> None:
    model = read_model_file(shared / "edgetpu" / "models" / f"{name}.tflite")

    latency = predict(model.main, place(model), platform(device))

    assert latency is not None
    assert all(latency.low_ms <= time_ms <= latency.high_ms for time_ms in published_ms)
