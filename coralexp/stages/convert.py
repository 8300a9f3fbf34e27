"""From a trained model to a TensorFlow Lite file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import numpy as np

from coralexp.artifacts.examples import read_index
from coralexp.artifacts.tflite_model import (
    MODEL,
    InputContract,
    TensorSpec,
    TfliteModel,
    write_contract,
)
from coralexp.errors import ConversionError, ModelFileError
from coralexp.stages.calibration import calibration_images
from coralexp.stages.trained import SAVED_MODEL
from coralexp.tflite.compact import share_vectors
from coralexp.tflite.reader import read_graph
from coralexp.tflite.run import interpreter

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from coralexp.quant.contract import QuantizationMode

VERSION = 2
_INTEGER_OFFSETS = {"uint8": 0.0, "int8": -128.0}
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

    images = calibration_images(dataset, mode.calibration_images, seed)
    converter = tf.lite.TFLiteConverter.from_saved_model(str(trained / SAVED_MODEL))
    mode.configure(converter, images)
    try:
        data = converter.convert()
    except Exception as error:  # the converter raises whatever its passes raise
        lines = str(error).strip().splitlines() or [type(error).__name__]
        text = f"TensorFlow Lite's converter refused the model: {lines[0]}"
        raise ConversionError(text) from error
    path = folder / MODEL
    path.write_bytes(share_vectors(data))
    classes = read_index(dataset).classes
    model = _describe(path, classes)
    _check(model, integer_only=mode.integer_only)
    write_contract(model)
    (folder / "labels.txt").write_text("".join(f"{name}\n" for name in classes), "utf-8")
    graph = read_graph(path)
    metrics = {
        "model_size_bytes": model.size_bytes,
        "macs": graph.macs,
        "parameter_bytes": graph.parameter_bytes,
    }
    if mode.calibration_images:
        metrics["calibration_images"] = len(images)
    if len(images) < mode.calibration_images:
        told = f"all {len(images)} training images; {mode.calibration_images} were asked for"
        (folder / "tags.json").write_text(json.dumps({"calibration": told}, indent=1))
    (folder / "metrics.json").write_text(json.dumps(metrics, indent=1))


def _describe(path: Path, classes: tuple[str, ...]) -> TfliteModel:
    try:
        runner = interpreter(path, threads=1)
    except ModelFileError as error:
        raise ConversionError(f"the converted model cannot be prepared: {error}") from error
    tensor = _spec(runner.get_input_details()[0])
    if tensor.dtype in _INTEGER_OFFSETS:
        contract = InputContract(tensor, 1.0, _INTEGER_OFFSETS[tensor.dtype])
    else:
        contract = InputContract(tensor, 1 / 127.5, -1.0)
    output = _spec(runner.get_output_details()[0])
    return TfliteModel(path, path.stat().st_size, contract, output, classes)


def _spec(details: dict[str, object]) -> TensorSpec:
    scale, zero_point = cast("tuple[float, int]", details["quantization"])
    return TensorSpec(
        str(details["name"]),
        tuple(int(size) for size in cast("Sequence[int]", details["shape"])),
        np.dtype(cast("type", details["dtype"])).name,
        float(scale),
        int(zero_point),
    )


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
