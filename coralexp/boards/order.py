"""What the agent is told."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.boards.agent.measurement import SCHEMA

if TYPE_CHECKING:
    from coralexp.artifacts.record import Json


@dataclass(frozen=True)
class Protocol:
    """How long is measured; see `coralexp.boards.agent.protocol`.

    Attributes:
        warm_up: Inferences thrown away after the first.
        at_least: Fewest inferences that count.
        seconds: Shortest time that they take together.
        at_most_s: Longest.
    """

    warm_up: int = 10
    at_least: int = 200
    seconds: float = 5.0
    at_most_s: float = 600.0


STANDARD = Protocol()


@dataclass(frozen=True)
class MeasureOrder:
    """One measurement.

    Attributes:
        model: A .tflite file of this machine; one that was compiled for the Edge TPU runs there,
            any other on the CPU.
        images: .npy of this machine with inputs as the model stores them; None asks for no answers.
        device: Such as `usb:0` or `cpu`; None takes any Edge TPU.
        delegate: libedgetpu where the device is; None takes the one that the system finds.
        threads: Of the processor.
        protocol: How long.
        sys_root: Where the system tells of its devices.
        job: What for, told to others who want the device.
        wait_s: How long to wait while another process has it.
        lock_folder: Of the lock; None takes the one of temporary files where the device is.
    """

    model: Path
    images: Path | None = None
    device: str | None = None
    delegate: str | None = None
    threads: int = 1
    protocol: Protocol = STANDARD
    sys_root: Path = Path("/sys")
    job: str = "a measurement"
    wait_s: float = 3600.0
    lock_folder: str | None = None

    def to_json(self, model: str, images: str | None) -> str:
        """Return the agent's order, with the paths that the files have where it runs."""
        fields: dict[str, Json] = {
            "schema": SCHEMA,
            "model": model,
            "images": images,
            "device": self.device,
            "delegate": self.delegate,
            "threads": self.threads,
            "sys": self.sys_root.as_posix(),
            "job": self.job,
            "wait_s": self.wait_s,
            "lock_folder": self.lock_folder,
            **vars(self.protocol),
        }
        return json.dumps(fields)
