"""One trained model into five modes: ours saves it frozen once, and converts that five times.

The reference gives Keras's model to `TFLiteConverter.from_keras_model` once a mode, with the same
calibration images. Ours includes saving, reading the result back, its figures and the check that it
is of integers, all of which the reference lacks. Each side is a fresh process a round; TensorFlow's
import counts on neither. (The command runs each conversion in a process of its own, which has
imported TensorFlow while the stage before worked.) int16x8 is left out: LiteRT cannot prepare it of
an untrained model.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from fresh import call
from made import dataset_entry, mobilenet
from promise import Found, Promise

from coralexp.quant import dynamic, float16, none, ptq
from coralexp.stages.calibration import calibration_images
from coralexp.stages.convert import convert_model
from coralexp.stages.frozen import save_frozen
from coralexp.stages.trained import SAVED_MODEL
from coralexp.tflite.run import interpreter

if TYPE_CHECKING:
    from promise import Json

_SIDE_PX, _WIDTH = 64, 0.35
_ROUNDS = 3
_IMAGES = 50


def _modes(*, quick: bool) -> list[object]:
    every = [
        none.plan(),
        dynamic.plan(),
        float16.plan(),
        ptq.plan(calibration_images=_IMAGES),
        ptq.plan(calibration_images=_IMAGES, io="int8"),
    ]
    return every[:1] if quick else every


def ours(folder: str, quick: bool) -> Json:  # noqa: FBT001 - called by name
    """Save once, convert each mode."""
    root = Path(folder)
    model = mobilenet(_SIDE_PX, _WIDTH)
    start = time.perf_counter()
    save_frozen(model, root / "train" / SAVED_MODEL)
    for number, mode in enumerate(_modes(quick=quick)):
        entry = root / f"convert{number}"
        entry.mkdir()
        convert_model(root.parent / "dataset", root / "train", mode, entry, seed=0)
    return {"seconds": time.perf_counter() - start}


def reference(folder: str, quick: bool) -> Json:  # noqa: FBT001 - called by name
    """Convert each mode from the Keras model."""
    from coralexp.tf_runtime import tf

    model = mobilenet(_SIDE_PX, _WIDTH)
    root = Path(folder)
    start = time.perf_counter()
    for number, mode in enumerate(_modes(quick=quick)):
        images = calibration_images(root.parent / "dataset", mode.calibration_images, 0)
        converter = tf.lite.TFLiteConverter.from_keras_model(model)
        mode.configure(converter, images)
        (root / f"{number}.tflite").write_bytes(converter.convert())
    seconds = time.perf_counter() - start
    for file in root.glob("*.tflite"):
        interpreter(file, threads=1)  # it can be run, so it is the same work
    return {"seconds": seconds}


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn."""
    dataset_entry(folder, 60, 10, _SIDE_PX)
    seconds: dict[str, list[float]] = {"ours": [], "reference": []}
    for number in range(1 if quick else _ROUNDS):
        for name, side in (("ours", ours), ("reference", reference)):
            place = folder / f"{name}{number}"
            place.mkdir()
            seconds[name].append(call(side, str(place), quick)["seconds"])
    return Found(
        seconds["ours"],
        seconds["reference"],
        f"MobileNetV2 {_WIDTH}, {_SIDE_PX} px; none, dynamic, float16, ptq, ptq with int8 ends",
    )


PROMISE = Promise(
    "conversion",
    "conversion of one model into 5 modes",
    "`TFLiteConverter.from_keras_model` once a mode",
    5.0,
    measure,
)
