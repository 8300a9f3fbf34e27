"""What was asked, as plain frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

Value = None | bool | int | float | str | tuple["Value", ...]

ROOM_OF_GROUP: Mapping[str, str] = {
    "dataset": "datasets",
    "backbone": "backbones",
    "head": "heads",
    "quant": "quant",
    "device": "devices",
    "training": "training",
}
GROUPS: tuple[str, ...] = tuple(ROOM_OF_GROUP)


@dataclass(frozen=True)
class Part:
    """One choice of one group.

    Attributes:
        group: Such as `backbone`.
        choice: Name of the YAML, such as `mobilenetv2`.
        target: Dotted path of the function, such as `coralexp.backbones.mobilenetv2.build`.
        options: Every keyword-only argument of that function, defaults filled in.
    """

    group: str
    choice: str
    target: str
    options: Mapping[str, Value]


@dataclass(frozen=True)
class Experiment:
    """One job: what decides its result, and nothing else.

    Attributes:
        parts: The choice of each group, in the order of `GROUPS`.
        seed: Start of every random sequence, 0 to 2**32 - 1.
        overrides: What the user wrote that makes this job, such as `quant=qat`; no part of
            identity.
    """

    parts: Mapping[str, Part]
    seed: int
    overrides: tuple[str, ...] = field(default=(), compare=False)

    def __getitem__(self, group: str) -> Part:
        """Return the choice of a group."""
        return self.parts[group]


@dataclass(frozen=True)
class How:
    """How a request is carried out; outside identity, keys and stored configurations.

    Attributes:
        store: Folder of the stages' artifacts and the run records.
        again: Make every stage again instead of taking it from the store.
        on_error: `continue` with the other jobs after one failed, or `stop`.
        verbose: Show tracebacks and what the libraries print.
        threads: Processor threads of each stage; None takes every core.
        jobs: How many jobs work at a time.
    """

    store: Path = Path(".coralexp")
    again: bool = False
    on_error: str = "continue"
    verbose: bool = False
    threads: int | None = None
    jobs: int = 1


@dataclass(frozen=True)
class Machine:
    """What this machine allows and offers; from the command line or the user's own file alone.

    Attributes:
        plugins: Packages outside coralexp whose functions a configuration may name.
        compiler: The Edge TPU compiler: a path, `docker:<image>` or `none`; None looks on the PATH.
        delegate: libedgetpu where the device is; None takes the one that the system finds.
        python: Interpreter that measures where the device is; None takes this one, on a board
            `python3`.
        host: Board that measures, `user@host[:port]`; None is this machine.
        hosts: Several equal boards in its place.
    """

    plugins: tuple[str, ...] = ()
    compiler: str | None = None
    delegate: str | None = None
    python: str | None = None
    host: str | None = None
    hosts: tuple[str, ...] = ()

    @property
    def boards(self) -> tuple[str, ...]:
        """The boards that measure, by address; empty if this machine does."""
        return self.hosts or (() if self.host is None else (self.host,))


@dataclass(frozen=True)
class Request:
    """Everything that one command asks for.

    Attributes:
        experiments: The jobs, in the order in which they run; at least one.
        how: How to run them.
        machine: What this machine allows and offers.
        is_sweep: Whether a value was swept.
        weights: Ids of earlier runs, whose backbones jobs begin with, to the files that hold them.
    """

    experiments: tuple[Experiment, ...]
    how: How
    machine: Machine = Machine()
    is_sweep: bool = False
    weights: Mapping[str, Path] = field(default_factory=dict)
