"""Outputs of many channels are laid out faster than those of few."""

from __future__ import annotations

import pytest

from coralexp.edgetpu.latency.layout import three_channel_bytes
from coralexp.tflite.graph import Tensor


def test_three_channels_are_the_measure() -> None:
    assert three_channel_bytes([Tensor("", (1, 8, 8, 3), "uint8")]) == pytest.approx(8 * 8 * 3)


def test_many_channels_come_at_the_rate_that_was_measured() -> None:
    tensor = Tensor("", (1, 7, 7, 1280), "uint8")

    rate = 23 * tensor.size_bytes / three_channel_bytes([tensor])
    assert rate == pytest.approx(53.7, rel=0.01)


def test_fewer_channels_and_none_are_counted_as_three() -> None:
    assert three_channel_bytes([Tensor("", (1, 8, 8, 1), "int8"), Tensor("", (), "int8")]) == 65
