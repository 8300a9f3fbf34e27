"""`coralexp predict`: what the model of a run says of images."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.store import Store
from coralexp.artifacts.tflite_model import read_model
from coralexp.datasets.pictures import DamagedPictureError, decode
from coralexp.errors import CoralexpError, DatasetError
from coralexp.pipeline.environment import default_threads
from coralexp.tflite.quiet import quiet_stderr
from coralexp.tflite.run import probabilities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.tflite_model import TfliteModel
    from coralexp.datasets.contract import Pixels
    from coralexp.datasets.pictures import Resize


def main(args: Sequence[str]) -> int:
    """Print the most probable labels of each image, run on this machine's processor.

    Args:
        args: The id of a run, and the images.

    Returns:
        0, or 1 if an image cannot be read; the others are still told.

    Raises:
        UnknownRunError: If there is no such run.
        StoreError: If its model is no longer in the store.
    """
    parser = argparse.ArgumentParser(prog="coralexp predict", description=__doc__)
    parser.add_argument("run", metavar="RUN_ID", help="id of a run, or enough of its start")
    parser.add_argument("images", nargs="+", type=Path, metavar="IMAGE", help="jpg, png or bmp")
    parser.add_argument(
        "--top", type=int, default=3, metavar="N", help="labels an image (default 3)"
    )
    parser.add_argument("--json", action="store_true", help="one line of JSON an image")
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    asked = parser.parse_args(args)
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    model = read_model(store.entry_of(record, "convert"))
    failed = False
    for path in asked.images:
        try:
            pixels = _pixels(path, model, record)
        except CoralexpError as error:
            sys.stderr.write(f"coralexp: {error}\n")
            failed = True
            continue
        with quiet_stderr():
            row = probabilities(model, pixels[None], default_threads())[0]
        best = [(model.classes[n], float(row[n])) for n in np.argsort(-row)[: max(asked.top, 1)]]
        if asked.json:
            labels = [{"label": label, "probability": share} for label, share in best]
            sys.stdout.write(json.dumps({"image": str(path), "labels": labels}) + "\n")
        else:
            told = "  ".join(f"{label} {share:.3f}" for label, share in best)
            sys.stdout.write(f"{path}  {told}\n")
    return int(failed)


def _pixels(path: Path, model: TfliteModel, record: RunRecord) -> Pixels:
    """Return the image as the dataset of the run would have given it."""
    height, width, channels = model.input.image_shape
    if height != width:
        raise DatasetError(
            f"{path}: the model takes {height} x {width} px; predict knows squares only"
        )
    options = record.config["dataset"]["options"]  # type: ignore[index,call-overload]
    resize: Resize = "stretch" if options.get("resize") == "stretch" else "crop"  # type: ignore[union-attr]
    try:
        return decode(path.read_bytes(), height, channels, resize)
    except OSError as error:
        raise DatasetError(f"{path}: cannot be read ({error.strerror})") from error
    except DamagedPictureError as error:
        raise DatasetError(f"{path}: {error}") from error
