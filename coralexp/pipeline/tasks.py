"""Which stages a job has, and the key of each: everything that decides its artifact.

dataset -> (features) -> train -> (qat) -> convert -> evaluate -> fidelity
                           |                      |                 ^
                           |                      +--> (compile) -> measure
                           +----> reference ------------------------+
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import platform
import socket
from dataclasses import dataclass, field
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.key_schema import KEY_SCHEMA, SCHEMA_NAME
from coralexp.artifacts.store import key_of
from coralexp.backbones.weights.source import digest as weights_digest
from coralexp.edgetpu.compiler.locate import Absent, find_compiler
from coralexp.edgetpu.latency.constants import digest as latency_constants
from coralexp.errors import ConfigError, MissingToolError, OptionError, Problem
from coralexp.pipeline.earlier_run import with_file
from coralexp.pipeline.environment import processor, version
from coralexp.pipeline.presence import NO_COMPILER, find_for, problem_of
from coralexp.spec.experiment import Machine
from coralexp.spec.part import bind
from coralexp.training.contract import Augmentation

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.boards.presence import Found
    from coralexp.devices.contract import Device
    from coralexp.quant.contract import QuantizationMode
    from coralexp.spec.experiment import Experiment, Part
    from coralexp.training.contract import Recipe

TENSORFLOW = ("tensorflow", "tf-keras", "numpy")


@dataclass(frozen=True)
class Task:
    """One stage of one job.

    Attributes:
        stage: Its name.
        ingredients: Everything that decides the artifact.
        needs_tensorflow: Whether its process imports TensorFlow.
        found: The device that measures, or why there is none; None for other stages.
    """

    stage: str
    ingredients: Mapping[str, Json]
    needs_tensorflow: bool
    found: Found | None = None

    @cached_property
    def key(self) -> str:
        """Name of the entry in the store."""
        return key_of(self.ingredients)


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
        return _tasks(
            experiment,
            mode,
            self.threads,
            content=content,
            device=device,
            compiler=compiler,
            weights=_weights(with_file(experiment, self.weights)["backbone"]),
            found=self._found(device),
            asked=device.edge_tpu is not None or self.machine.host is not None,
            runs_once=recipe.freeze_backbone and recipe.augmentation == Augmentation(),
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


def _tasks(
    experiment: Experiment,
    mode: QuantizationMode,
    threads: int,
    *,
    content: str,
    device: Device,
    compiler: str,
    weights: str,
    found: Found,
    asked: bool,
    runs_once: bool,
) -> list[Task]:
    seed = experiment.seed
    tasks: list[Task] = []

    def add(stage: str, tools: Sequence[str], after: Sequence[str], **slices: Json) -> None:
        keys = {task.stage: task.key for task in tasks}
        ingredients: dict[str, Json] = {
            SCHEMA_NAME: KEY_SCHEMA,
            "stage": stage,
            "version": _stage_version(stage),
            "tools": {tool: version(tool) for tool in tools},
            "after": {name: keys[name] for name in after},
            **slices,
        }
        tasks.append(Task(stage, ingredients, needs_tensorflow="tensorflow" in tools))

    bits: Json = {"threads": threads, "processor": processor()}
    add(
        "dataset",
        ("numpy", "pillow", "scikit-learn"),
        (),
        dataset=_slice(experiment["dataset"]),
        content=content,
        seed=seed,
    )
    learned_from = ["dataset"]
    if runs_once:
        add(
            "features",
            TENSORFLOW,
            ("dataset",),
            backbone=_slice(experiment["backbone"]),
            weights=weights,
            seed=seed,
            bits=bits,
        )
        learned_from.append("features")
    add(
        "train",
        TENSORFLOW,
        learned_from,
        backbone=_slice(experiment["backbone"]),
        weights=weights,
        head=_slice(experiment["head"]),
        training=_slice(experiment["training"]),
        seed=seed,
        bits=bits,
    )
    add(
        "reference",
        (*TENSORFLOW, "ai-edge-litert"),
        ("dataset", "train"),
        processor=processor(),
    )
    trained = "train"
    if mode.fine_tuning is not None:
        tuning: Json = {
            "epochs": mode.fine_tuning.epochs,
            "learning_rate": mode.fine_tuning.learning_rate,
            "calibration_images": mode.fine_tuning.calibration_images,
        }
        add(
            "qat",
            (*TENSORFLOW, "tensorflow-model-optimization"),
            ("dataset", "train"),
            quant={**_identity(experiment["quant"]), "options": tuning},
            training=_slice(experiment["training"]),
            seed=seed,
            bits=bits,
        )
        trained = "qat"
    add(
        "convert",
        TENSORFLOW if mode.requantize is None else (*TENSORFLOW, "ai-edge-quantizer"),
        ("dataset", trained),
        quant=_slice(experiment["quant"]),
        seed=seed,
        processor=processor(),
    )
    add("evaluate", ("ai-edge-litert", "numpy"), ("dataset", "convert"), processor=processor())
    add(
        "fidelity",
        ("ai-edge-litert", "numpy"),
        ("dataset", "reference", "convert", "evaluate"),
        fine_tuned=mode.fine_tuning is not None,
        processor=processor(),
    )
    placed = []
    if device.compilation is not None:
        add(
            "compile",
            (),
            ("convert",),
            options={k: _plain(v) for k, v in dataclasses.asdict(device.compilation).items()},
            compiler=compiler,
        )
        placed = ["compile"]
    measures = found.there and asked
    there: dict[str, Json] = {"board": found.what} if measures else {}
    judged = ("dataset", "evaluate") if measures else ()
    add(
        "measure",
        ("ai-edge-litert",),
        ("convert", *placed, *judged),
        device=_slice(experiment["device"]),
        constants=latency_constants() if device.edge_tpu else "",
        threads=threads,
        machine=f"{socket.gethostname()} {platform.system()} {processor()}",
        **there,
    )
    tasks[-1] = dataclasses.replace(tasks[-1], found=found)
    return tasks


def _identity(part: Part) -> dict[str, Json]:
    return {"target": part.target, "version": _part_version(part.target)}


def _slice(part: Part) -> dict[str, Json]:
    return {**_identity(part), "options": {name: _plain(v) for name, v in part.options.items()}}


def _plain(value: object) -> Json:
    return list(map(_plain, value)) if isinstance(value, tuple) else value  # type: ignore[return-value]


def _stage_version(stage: str) -> int:
    number: int = importlib.import_module(f"coralexp.stages.{stage}").VERSION
    return number


@cache
def _part_version(target: str) -> int | str:
    """Return the number in the part's module; of a plugin without one, the digest of its code."""
    module = importlib.import_module(target.rpartition(".")[0])
    number = getattr(module, "VERSION", None)
    if number is None and module.__file__:
        return hashlib.sha256(Path(module.__file__).read_bytes()).hexdigest()
    return int(number or 0)


def _weights(part: Part) -> str:
    weights = part.options.get("weights")
    return weights_digest(weights) if isinstance(weights, str) else ""
