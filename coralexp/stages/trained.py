"""What the trainings hand over: a Keras model in three forms, its history and its figures."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.preprocessing import NOTHING, write_preprocessing
from coralexp.datasets.contract import SPLITS
from coralexp.stages.frozen import save_frozen
from coralexp.training.fit import Labelled

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from coralexp.artifacts.preprocessing import Preprocessing
    from coralexp.tf_runtime import keras
    from coralexp.training.watch import History

MODEL = "model.h5"
SAVED_MODEL = "saved_model"


def splits_of(dataset: Path) -> dict[str, Labelled]:
    """Return every split of a `dataset` entry as memory maps."""
    return {split: Labelled(*read_split(dataset, split)) for split in SPLITS}


def save_trained(
    model: keras.Model,
    folder: Path,
    *,
    history: History,
    metrics: Mapping[str, float],
    extractor: Collection[str],
    stage: str,
    steps: Preprocessing = NOTHING,
) -> None:
    """Write everything that is kept of a training.

    Args:
        model: From float32 images to probabilities.
        folder: Receives `model.h5` (Keras, without optimizer), `saved_model/` (one image at a
            time, for the converter), `layers.md`, `history.json`, `metrics.json`, `tags.json`,
            `input.json` if the host has to do something to an image first; and what differs each
            time: `timings.json`, `epoch_timings.json` (seconds of each epoch).
        history: What happened.
        metrics: Public names to values.
        extractor: Names of the layers that turn pixels into features.
        stage: Prefix of the times' names.
        steps: What the host does to an image before the model sees it.
    """
    model.save(folder / MODEL, include_optimizer=False)
    _forget_generators(folder / MODEL)
    save_frozen(model, folder / SAVED_MODEL)
    write_preprocessing(folder, steps)
    if extractor:
        (folder / "layers.md").write_text(_layers(model, extractor))
    (folder / "history.json").write_text(json.dumps(history.to_json(), indent=1))
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))
    seconds = [epoch.seconds for epoch in history.epochs]
    (folder / "epoch_timings.json").write_text(json.dumps(seconds, indent=1))
    times = {
        f"{stage}_images_per_s": history.images_per_s,
        f"{stage}_batch_ms": history.batch_ms,
    }
    (folder / "timings.json").write_text(json.dumps(times, indent=1))
    told = {"stopped_by": history.stopped_by, "preprocessing": steps.told}
    tags = {name: words for name, words in told.items() if words}
    (folder / "tags.json").write_text(json.dumps(tags, indent=1))


def _forget_generators(file: Path) -> None:
    """Remove from dropout layers how they drew while they learned: not every Keras can read it."""
    import h5py

    with h5py.File(file, "r+") as saved:
        told = saved.attrs["model_config"]
        saved.attrs["model_config"] = told.replace(', "rng_type": "stateful"', "")


def _layers(model: keras.Model, extractor: Collection[str]) -> str:
    """Return a Markdown table of the layers."""
    rows = ["| layer | kind | part | output | parameters |", "|---|---|---|---|---:|"]
    for layer in model.layers:
        part = "feature extractor" if layer.name in extractor else "classifier"
        shapes = layer.output_shape  # of an input layer a list of one
        sizes = (shapes[0] if isinstance(shapes, list) else shapes)[1:]
        shape = " x ".join(map(str, sizes))
        kind, count = type(layer).__name__, layer.count_params()
        rows.append(f"| {layer.name} | {kind} | {part} | {shape} | {count:,} |")
    rows.append(f"| **total** | | | | {model.count_params():,} |")
    return "\n".join(rows) + "\n"
