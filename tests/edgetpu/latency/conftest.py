"""Devices by their names."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from coralexp.spec.compose import parse
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Callable

    from coralexp.edgetpu.latency.platform import Platform


@pytest.fixture(scope="session")
def platform() -> Callable[..., Platform]:
    """The Edge TPU of a device by its name, with options."""

    def of(name: str, *options: str) -> Platform:
        overrides = [f"device={name}", *(f"device.{option}" for option in options)]
        chip: Platform = bind(parse(overrides).experiments[0]["device"])().edge_tpu
        return chip

    return of
