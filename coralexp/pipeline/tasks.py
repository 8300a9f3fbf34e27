"""Which stages a job has, and the key of each: everything that decides its artifact.

dataset -> train -> (qat) -> convert -> evaluate
                                    +--> measure
"""

from __future__ import annotations

import hashlib
import importlib
import platform
import socket
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import key_of
from coralexp.backbones.weights.source import digest as weights_digest
from coralexp.pipeline.environment import processor, version
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.quant.contract import QuantizationMode
    from coralexp.spec.experiment import Experiment, Part

TENSORFLOW = ("tensorflow", "tf-keras", "numpy")


@dataclass(frozen=True)
class Task:
    """One stage of one job.

    Attributes:
        stage: Its name.
        ingredients: Everything that decides the artifact.
        needs_tensorflow: Whether its process imports TensorFlow.
    """

    stage: str
    ingredients: Mapping[str, Json]
    needs_tensorflow: bool

    @property
    def key(self) -> str:
        """Name of the entry in the store."""
        return key_of(self.ingredients)


@dataclass
class Planner:
    """Works out the stages of the jobs of one request; reads each folder of data once.

    Attributes:
        threads: Of each stage.
        plugins: Packages that parts may come from.
    """

    threads: int
    plugins: tuple[str, ...] = ()
    _contents: dict[str, str] = field(default_factory=dict, init=False)
    _tasks: dict[str, list[Task]] = field(default_factory=dict, init=False)

    def __call__(self, experiment: Experiment) -> list[Task]:
        """Return the stages of a job, its parts checked, in the order of their work.

        Reads the digests of data and weights; imports nothing heavy.
        """
        known = repr((experiment.parts, experiment.seed))
        if known not in self._tasks:
            self._tasks[known] = _tasks(experiment, self.threads, self.plugins, self._content)
        return self._tasks[known]

    def _content(self, part: Part) -> str:
        """Return the digest of a dataset's files."""
        known = repr(part)
        if known not in self._contents:
            self._contents[known] = bind(part, self.plugins)().content()
        return self._contents[known]


def _tasks(
    experiment: Experiment,
    threads: int,
    plugins: tuple[str, ...],
    content_of: Callable[[Part], str],
) -> list[Task]:
    seed = experiment.seed
    mode: QuantizationMode = bind(experiment["quant"], plugins)()
    content = content_of(experiment["dataset"])
    tasks: list[Task] = []

    def add(stage: str, tools: Sequence[str], after: Sequence[str], **slices: Json) -> None:
        keys = {task.stage: task.key for task in tasks}
        ingredients: dict[str, Json] = {
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
    add(
        "train",
        TENSORFLOW,
        ("dataset",),
        backbone=_slice(experiment["backbone"]),
        weights=_weights(experiment["backbone"]),
        head=_slice(experiment["head"]),
        training=_slice(experiment["training"]),
        seed=seed,
        bits=bits,
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
        TENSORFLOW,
        ("dataset", trained),
        quant=_slice(experiment["quant"]),
        seed=seed,
        processor=processor(),
    )
    add("evaluate", ("ai-edge-litert", "numpy"), ("dataset", "convert"), processor=processor())
    add(
        "measure",
        ("ai-edge-litert",),
        ("convert",),
        device=_slice(experiment["device"]),
        threads=threads,
        machine=f"{socket.gethostname()} {platform.system()} {processor()}",
    )
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
