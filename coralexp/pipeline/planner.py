"""Jobs to stages: parts are checked and asked, data and weights digested, once each."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

from coralexp.backbones.weights.source import digest as weights_digest
from coralexp.edgetpu.compiler.locate import Absent, find_compiler
from coralexp.errors import ConfigError, MissingToolError, OptionError, Problem
from coralexp.heads.contract import pools
from coralexp.pipeline.earlier_run import with_file
from coralexp.pipeline.presence import NO_COMPILER, find_for, problem_of
from coralexp.pipeline.tasks import Task, tasks_of
from coralexp.spec.experiment import Machine
from coralexp.spec.part import bind
from coralexp.training.contract import Augmentation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.boards.presence import Found
    from coralexp.devices.contract import Device
    from coralexp.quant.contract import QuantizationMode
    from coralexp.spec.experiment import Experiment, Part
    from coralexp.training.contract import Recipe


@dataclass
class Planner:
    """Works out the stages of the jobs of one request; reads each folder of data once.

    Attributes:
        threads: Of each stage.
        machine: Packages that parts may come from, and the Edge TPU compiler.
        weights: Ids of earlier runs to the files of their weights.
    """

    threads: int
    machine: Machine = field(default_factory=Machine)
    weights: Mapping[str, Path] = field(default_factory=dict)
    _contents: dict[str, str] = field(default_factory=dict, init=False)
    _tasks: dict[str, list[Task]] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        if self.machine.compiler is not None:  # refused before any job, if it is not there
            compiler_name(self.machine.compiler)

    def __call__(self, experiment: Experiment) -> list[Task]:
        """Return the stages of a job, its parts checked, in the order of their work.

        Reads the digests of data and weights; imports nothing heavy.
        """
        known = repr((experiment.parts, experiment.seed))
        if known not in self._tasks:
            self._tasks[known] = self._work_out(experiment)
        return self._tasks[known]

    def check_devices(self, experiments: Sequence[Experiment]) -> None:
        """Refuse jobs that require a device which is not there.

        Raises:
            ConfigError: If there are any.
        """
        parts = {repr(e["device"]): e["device"] for e in experiments}
        problems = []
        for part in parts.values():
            device: Device = bind(part, self.machine.plugins)()
            problems.append(problem_of(device, part.choice, self._found(device)))
        if any(problems):
            raise ConfigError([problem for problem in problems if problem is not None])

    def _found(self, device: Device) -> Found:
        compiler = "" if device.compilation is None else compiler_name(self.machine.compiler)
        return find_for(device, self.machine, compiler)

    def _content(self, part: Part) -> str:
        """Return the digest of a dataset's files."""
        known = repr(part)
        if known not in self._contents:
            self._contents[known] = bind(part, self.machine.plugins)().content()
        return self._contents[known]

    def _work_out(self, experiment: Experiment) -> list[Task]:
        device: Device = bind(experiment["device"], self.machine.plugins)()
        compiler = "" if device.compilation is None else compiler_name(self.machine.compiler)
        content = self._content(experiment["dataset"])
        mode: QuantizationMode = bind(experiment["quant"], self.machine.plugins)()
        recipe: Recipe = bind(experiment["training"], self.machine.plugins)()
        return tasks_of(
            experiment,
            mode,
            self.threads,
            content=content,
            device=device,
            compiler=compiler,
            weights=_weights(with_file(experiment, self.weights)["backbone"]),
            found=self._found(device),
            asked=device.edge_tpu is not None or bool(self.machine.boards),
            runs_once=recipe.freeze_backbone and recipe.augmentation == Augmentation(),
            pooled=pools(bind(experiment["head"], self.machine.plugins)),
            standardize=recipe.standardize,
        )


@cache
def compiler_name(setting: str | None) -> str:
    """Return which Edge TPU compiler there is, or that there is none.

    Raises:
        ConfigError: If one was asked for that is not there.
    """
    try:
        found = find_compiler(setting)
    except (MissingToolError, OptionError) as error:
        text = str(error).removeprefix("machine.").removeprefix("compiler").lstrip(":=")
        raise ConfigError([Problem("machine.compiler", text.strip())]) from error
    return NO_COMPILER if isinstance(found, Absent) else found.name


def _weights(part: Part) -> str:
    weights = part.options.get("weights")
    return weights_digest(weights) if isinstance(weights, str) else ""
