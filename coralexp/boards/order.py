"""What the agent is told."""

from __future__ import annotations

import getpass
import json
import os
import socket
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
LIMIT_S = 3600.0  # beyond waiting and measuring: start, first inference, answers to images
_GRACE_S = 120.0  # for the start, and for an agent that has to be ended


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
        max_s: Longest time from the lock to the result; None sets no limit.
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
    max_s: float | None = None
    lock_folder: str | None = None

    def to_json(self, model: str, images: str | None, *, by_hand: bool = False) -> str:
        """Return the agent's order.

        Args:
            model: Its path where the agent runs.
            images: Likewise; None for none.
            by_hand: Whether a person carries it there: then it does not say who asks.
        """
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
            "max_s": self.max_s,
            "lock_folder": self.lock_folder,
            **vars(self.protocol),
        }
        if not by_hand:
            fields |= {"owner": owner(), "asker": os.getpid()}
        return json.dumps(fields)

    @property
    def patience_s(self) -> float:
        """How long its asker waits for an answer, start and first inference included."""
        longest = LIMIT_S + self.protocol.at_most_s if self.max_s is None else self.max_s + _GRACE_S
        return self.wait_s + longest


def owner() -> str:
    """Return who asks, as it is told to others: user@host."""
    try:
        user = getpass.getuser()
    except (OSError, KeyError, ImportError):  # a user without a name
        user = str(os.getuid())
    return f"{user}@{socket.gethostname()}"
