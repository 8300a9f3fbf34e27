"""An int8 model on 2,000 images: the stage `evaluate`, against one `invoke` an image on one thread.

Both sides start with the file and the array of images; both predictions must be the same.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from fresh import call
from made import dataset_entry, int8_entry
from promise import Found, Promise

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.artifacts.tflite_model import read_model
from coralexp.pipeline.environment import default_threads
from coralexp.stages.evaluate import evaluate_model

if TYPE_CHECKING:
    from promise import Json

_ROUNDS = 5
_SIDE_PX, _WIDTH = 96, 1.0


def model(folder: str) -> Json:
    """Make the int8 model."""
    int8_entry(Path(folder), Path(folder) / "dataset", _SIDE_PX, _WIDTH)
    return {}


def ours(folder: str) -> Json:
    """Evaluate as the stage does, its files included."""
    import ai_edge_litert.interpreter  # noqa: F401 - its import counts on neither side

    root = Path(folder)
    start = time.perf_counter()
    evaluate_model(
        root.parent / "dataset",
        root.parent / "convert",
        root,
        threads=default_threads(),
        progress=silent,
    )
    return {"seconds": time.perf_counter() - start}


def reference(folder: str) -> Json:
    """Invoke once an image, as the guide to the interpreter does."""
    from ai_edge_litert.interpreter import Interpreter

    root = Path(folder)
    pixels, _ = read_split(root.parent / "dataset", "test")
    start = time.perf_counter()
    runner = Interpreter(str(read_model(root.parent / "convert").path), num_threads=1)
    runner.allocate_tensors()
    into, out = (ends()[0] for ends in (runner.get_input_details, runner.get_output_details))
    rows = np.empty((len(pixels), out["shape"][-1]), np.uint8)
    for i, image in enumerate(pixels):
        runner.set_tensor(into["index"], image[np.newaxis])
        runner.invoke()
        rows[i] = runner.get_tensor(out["index"])[0]
    scale, zero_point = out["quantization"]
    probabilities = (rows.astype(np.float32) - zero_point) * np.float32(scale)
    seconds = time.perf_counter() - start
    np.save(root / "probabilities.npy", probabilities)
    return {"seconds": seconds}


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn."""
    images = 40 if quick else 2000
    dataset_entry(folder, 60, images, _SIDE_PX)
    call(model, str(folder))
    seconds: dict[str, list[float]] = {"ours": [], "reference": []}
    same = True
    for number in range(1 if quick else _ROUNDS):
        places = {name: folder / f"{name}{number}" for name in seconds}
        for name, side in (("ours", ours), ("reference", reference)):
            places[name].mkdir()
            seconds[name].append(call(side, str(places[name]))["seconds"])
        with np.load(places["ours"] / "predictions.npz") as written:
            rows = written["probabilities"]
        same = same and np.array_equal(rows, np.load(places["reference"] / "probabilities.npy"))
    return Found(
        seconds["ours"],
        seconds["reference"],
        f"MobileNetV2 {_WIDTH} int8, {_SIDE_PX} px, {images:,} images",
        conditions={"identical predictions": same},
    )


PROMISE = Promise(
    "evaluation",
    "evaluation of an int8 model on 2,000 images",
    "one `invoke` an image on one thread",
    1.5,
    measure,
)
