"""From a trained model to a TensorFlow Lite file."""

from __future__ import annotations

import json
import zlib
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index
from coralexp.artifacts.preprocessing import read_preprocessing
from coralexp.artifacts.tflite_model import MODEL, TfliteModel, write_contract
from coralexp.errors import ConversionError
from coralexp.stages.calibration import calibration_images
from coralexp.stages.describe import describe
from coralexp.stages.trained import SAVED_MODEL
from coralexp.tflite.compact import share_vectors
from coralexp.tflite.reader import read_graph

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.quant.contract import QuantizationMode
    from coralexp.tf_runtime import tf

VERSION = 3
# They stay real-valued amid integers, for TensorFlow Lite has no integer form of them; the
# placement table says so of each.
_NO_INTEGER_FORM = frozenset({"LOCAL_RESPONSE_NORMALIZATION"})


def convert_model(
    dataset: Path, trained: Path, mode: QuantizationMode, folder: Path, *, seed: int
) -> None:
    """Convert and quantize.

    Args:
        dataset: Entry of the `dataset` stage: calibration images come from its training split.
        trained: Entry of the `train` or `qat` stage.
        mode: How to quantize.
        folder: Empty; receives `model.tflite`, `contract.json`, `labels.txt`, `metrics.json`, and
            `tags.json` if there were fewer calibration images than the mode asks for.
        seed: Of the choice of calibration images.

    Raises:
        ConversionError: If the converter refuses the model, or if the mode promised integers and a
            tensor is not.
    """
    from coralexp.tf_runtime import tf

    steps = read_preprocessing(trained)
    images = calibration_images(dataset, mode.calibration_images, seed, steps)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(trained / SAVED_MODEL))
    mode.configure(converter, images)
    path = folder / MODEL
    path.write_bytes(converted(converter))
    if mode.requantize is not None:
        path.write_bytes(share_vectors(mode.requantize(path, images)))
    model = describe(path, read_index(dataset), steps)
    _check(model, integer_only=mode.integer_only)
    write_contract(model)
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in model.classes), "utf-8")
    graph = read_graph(path)
    metrics = {
        "model_size_bytes": model.size_bytes,
        "macs": graph.macs,
        "parameter_bytes": graph.parameter_bytes,
        # What a download or an archive holds; zeros and repeated weights cost little there alone.
        "zipped_size_bytes": len(zlib.compress(path.read_bytes(), level=9)),
    }
    if mode.calibration_images:
        metrics["calibration_images"] = len(images)
    if len(images) < mode.calibration_images:
        told = f"all {len(images)} training images; {mode.calibration_images} were asked for"
        (folder / "tags.json").write_text(json.dumps({"calibration": told}, indent=1))
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))


def converted(converter: tf.lite.TFLiteConverter) -> bytes:
    """Return the file that a converter writes, equal vectors stored once.

    Raises:
        ConversionError: If it refuses the model.
    """
    try:
        data: bytes = converter.convert()
    except Exception as error:  # the converter raises whatever its passes raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        text = f"TensorFlow Lite's converter refused the model: {lines[0]}"
        raise ConversionError(text) from error
    return share_vectors(data)


def _check(model: TfliteModel, *, integer_only: bool) -> None:
    """Hold the mode to what it promised."""
    if not integer_only:
        return
    graph = read_graph(model.path)
    explained = [
        tensor
        for operator in graph.operators
        if operator.name in _NO_INTEGER_FORM
        for tensor in (*graph.inputs_of(operator), *graph.outputs_of(operator))
    ]
    real = [tensor for tensor in graph.real_valued() if tensor not in explained]
    if real:
        names = ", ".join(f"{tensor.name} ({tensor.dtype})" for tensor in real[:5])
        raise ConversionError(
            f"{len(real)} tensors of the quantized model are not of integers, so that the Edge TPU "
            f"would refuse it: {names}"
        )
    if any(size < 1 for tensor in graph.tensors for size in tensor.shape):
        raise ConversionError("a tensor of the quantized model has a size known only at run time")
    scale = model.input.tensor.scale
    if not np.isclose(scale, 2 / 255, rtol=1e-3):
        raise ConversionError(
            f"the input's scale is {scale:.6f} instead of 2/255, so that plain pixels would be "
            f"read wrongly"
        )
