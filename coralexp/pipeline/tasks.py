"""Which stages a job has, and the key of each: everything that decides its artifact.

dataset -> (features) -> train -> (compress) -> (qat) -> convert -> evaluate -> fidelity
                           |                               |                       ^
                           |                               +--> (compile) -> measure
                           +----> reference ---------------------------------------+
"""

from __future__ import annotations

import dataclasses
import hashlib
import importlib
import platform
import socket
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.key_schema import KEY_SCHEMA, SCHEMA_NAME
from coralexp.artifacts.store import key_of
from coralexp.edgetpu.latency.constants import digest as latency_constants
from coralexp.pipeline.environment import processor, version

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.record import Json
    from coralexp.boards.presence import Found
    from coralexp.devices.contract import Device
    from coralexp.quant.contract import QuantizationMode
    from coralexp.spec.experiment import Experiment, Part

TENSORFLOW = ("tensorflow", "tf-keras", "numpy")
_JUDGED = ("dataset", "evaluate")  # whose images a device answers where it measures


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


def tasks_of(
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
    pooled: bool,
    standardize: bool,
) -> list[Task]:
    """Return the stages of a job, in the order of their work.

    Args:
        experiment: The job.
        mode: Its quantization.
        threads: Of each stage.
        content: Digest of the dataset's files.
        device: Where the model is to run.
        compiler: Which Edge TPU compiler there is; empty for a device without that chip.
        weights: Digest of the file that the backbone begins with; empty if there is none.
        found: The device that measures, or why there is none.
        asked: Whether a device is looked for at all.
        runs_once: Whether the backbone sees each image once only, frozen and without augmentation.
        pooled: Whether the head sees no more than the mean of the features.
        standardize: Whether the host standardizes each image.
    """
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
            **({"pooled": True} if pooled else {}),
            **({"standardize": True} if standardize else {}),
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
    if mode.compression is not None:
        compression = mode.compression
        add(
            "compress",
            (*TENSORFLOW, "tensorflow-model-optimization"),
            ("dataset", trained),
            compression={
                **compression.options,
                "version": compression.version,
                "epochs": compression.epochs,
                "learning_rate": compression.learning_rate,
            },
            training=_slice(experiment["training"]),
            seed=seed,
            bits=bits,
        )
        trained = "compress"
    if mode.fine_tuning is not None:
        tuning: Json = {
            "epochs": mode.fine_tuning.epochs,
            "learning_rate": mode.fine_tuning.learning_rate,
            "calibration_images": mode.fine_tuning.calibration_images,
        }
        add(
            "qat",
            (*TENSORFLOW, "tensorflow-model-optimization"),
            ("dataset", trained),
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
        fine_tuned=trained != "train",
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
    judged = _JUDGED if measures else ()
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


def estimated(task: Task) -> Task:
    """Return a `measure` stage as it is where no device is to be had."""
    after = task.ingredients["after"]
    kept = after.items() if isinstance(after, dict) else ()
    ingredients = {name: value for name, value in task.ingredients.items() if name != "board"}
    ingredients["after"] = {name: key for name, key in kept if name not in _JUDGED}
    return dataclasses.replace(task, ingredients=ingredients, found=None)


def _identity(part: Part) -> dict[str, Json]:
    return {"target": part.target, "version": _part_version(part.target)}


def _slice(part: Part) -> dict[str, Json]:
    """Return a choice as ingredients.

    An option that its function got later is left out where it has its default: what was made before
    the option came is what is made without it. How long a device is waited for decides no result.
    """
    module = importlib.import_module(part.target.rpartition(".")[0])
    later, without = getattr(module, "LATER_OPTIONS", {}), getattr(module, "PATIENCE", ())
    options = {
        name: _plain(value)
        for name, value in part.options.items()
        if name not in without and (name not in later or value != later[name])
    }
    return {**_identity(part), "options": options}


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
