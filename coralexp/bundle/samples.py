"""Pictures of the test split that travel with a bundle, and what the run said of them."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.predictions import PREDICTIONS, read_predictions
from coralexp.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

    from coralexp.artifacts.record import Json

_DIGITS = 6  # more than a float32 answer of a quantized model has


def samples_of(
    dataset: Path, evaluated: Path, classes: Sequence[str], count: int
) -> tuple[dict[str, bytes], list[Json]]:
    """Return PNG files by name, and for each its fields in the manifest.

    The first of the test split: its rows go round the classes. A file holds the very pixels that
    the network was given, whether the answer was right or wrong.

    Args:
        dataset: Entry of the stage `dataset`.
        evaluated: Entry of the stage `evaluate`.
        classes: Names, in the order of the output.
        count: How many, fewer only where there are fewer.

    Raises:
        StoreError: If one of the entries cannot be read.
    """
    images, labels = read_split(dataset, "test")
    try:
        rows = read_predictions(evaluated).probabilities[:count]
    except (OSError, ValueError, KeyError) as error:
        raise StoreError(f"{evaluated / PREDICTIONS}: cannot be read ({error})") from error
    files: dict[str, bytes] = {}
    told: list[Json] = []
    for number, row in enumerate(rows):
        name = f"samples/{number:03d}.png"
        files[name] = _png(images[number])
        best, *others = np.sort(row)[::-1]
        told.append(
            {
                "file": name,
                "label": classes[int(labels[number])],
                "predicted": classes[int(np.argmax(row))],
                "probability": round(float(best), _DIGITS),
                "lead": round(float(best - (others[0] if others else 0)), _DIGITS),
            }
        )
    return files, told


def _png(pixels: npt.NDArray[np.uint8]) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    grey = pixels.shape[-1] == 1
    Image.fromarray(np.asarray(pixels[..., 0] if grey else pixels)).save(file, "PNG")
    return file.getvalue()
