"""What goes into a freshly converted file and what comes out of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import numpy as np

from coralexp.artifacts.preprocessing import NOTHING
from coralexp.artifacts.tflite_model import InputContract, TensorSpec, TfliteModel
from coralexp.errors import ConversionError, ModelFileError
from coralexp.tflite.run import interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.artifacts.examples import DatasetIndex
    from coralexp.artifacts.preprocessing import Preprocessing

_INTEGER_OFFSETS = {"uint8": 0.0, "int8": -128.0}


def describe(path: Path, index: DatasetIndex, steps: Preprocessing = NOTHING) -> TfliteModel:
    """Return the model in a file, as LiteRT sees its ends.

    Args:
        path: A classifier from images in [-1, 1], or from pixels if its input is of integers.
        index: Of what it learned from: its classes, in the order of the output.
        steps: What the host does to an image before.

    Raises:
        ConversionError: If LiteRT cannot prepare it.
    """
    try:
        runner = interpreter(path, threads=1)
    except ModelFileError as error:
        raise ConversionError(f"the converted model cannot be prepared: {error}") from error
    tensor = _spec(runner.get_input_details()[0])
    scale, offset = 1 / 127.5, -1.0
    if tensor.dtype in _INTEGER_OFFSETS:
        scale, offset = 1.0, _INTEGER_OFFSETS[tensor.dtype]
    window_of = index.image_shape[:2] if steps.window_px else None
    contract = InputContract(tensor, scale, offset, window_of, steps.standardize)
    output = _spec(runner.get_output_details()[0])
    return TfliteModel(path, path.stat().st_size, contract, output, index.classes)


def _spec(details: dict[str, object]) -> TensorSpec:
    scale, zero_point = cast("tuple[float, int]", details["quantization"])
    return TensorSpec(
        str(details["name"]),
        tuple(int(size) for size in cast("Sequence[int]", details["shape"])),
        np.dtype(cast("type", details["dtype"])).name,
        float(scale),
        int(zero_point),
    )
