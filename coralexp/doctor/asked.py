"""What the configuration asks of this machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.spec.part import bind

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.devices.contract import Device
    from coralexp.spec.experiment import Request

_TFDS = "coralexp.datasets.tfds."


@dataclass(frozen=True)
class Asked:
    """What the jobs of a request need.

    Attributes:
        store: Folder of artifacts and records.
        needs_device: Whether a job measures or fails.
        needs_compiler: Whether a job cannot do without a compiled file.
        needs_tfds: Whether a job reads TensorFlow Datasets.
    """

    store: Path
    needs_device: bool
    needs_compiler: bool
    needs_tfds: bool


def what_is_asked(request: Request) -> Asked:
    """Return what the jobs of a request need of this machine.

    Raises:
        CoralexpError: If a device's options are refused.
    """
    plugins = request.machine.plugins
    parts = {repr(e["device"]): e["device"] for e in request.experiments}
    devices: list[Device] = [bind(part, plugins)() for part in parts.values()]
    chips = [device for device in devices if device.edge_tpu is not None]
    return Asked(
        store=request.how.store,
        needs_device=any(device.measure == "required" for device in chips),
        needs_compiler=request.machine.compiler not in (None, "none")
        or any(device.measure == "required" for device in chips),
        needs_tfds=any(e["dataset"].target.startswith(_TFDS) for e in request.experiments),
    )
