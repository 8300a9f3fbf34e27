"""Running a .tflite file on this machine's processor with LiteRT."""

from __future__ import annotations

import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.artifacts.progress import Step, silent
from coralexp.errors import ModelFileError
from coralexp.tflite.prepare_input import prepare_input

if TYPE_CHECKING:
    from pathlib import Path

    from ai_edge_litert.interpreter import Interpreter

    from coralexp.artifacts.progress import Progress
    from coralexp.artifacts.tflite_model import TensorSpec, TfliteModel

BATCH_IMAGES = 32  # of all interpreters together: 16 at a time are no slower than 32, or than 8
MOST_INTERPRETERS = 4  # each holds its own copy of the weights, laid out for this processor

_Invoke = Callable[[npt.NDArray[np.generic]], npt.NDArray[np.generic]]


def interpreter(path: Path, threads: int) -> Interpreter:
    """Return LiteRT's interpreter with its tensors allocated.

    Raises:
        ModelFileError: If LiteRT cannot read or prepare the model.
    """
    from ai_edge_litert.interpreter import Interpreter

    try:
        runner = Interpreter(str(path), num_threads=threads)
        runner.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: LiteRT cannot run it ({error})") from error
    return runner


def probabilities(
    model: TfliteModel,
    pixels: npt.NDArray[np.uint8],
    threads: int,
    progress: Progress = silent,
) -> npt.NDArray[np.float32]:
    """Return what the model says of images.

    Args:
        model: A classifier with one input and one output.
        pixels: uint8 `[N, H, W, C]` in [0, 255]; may be a memory map.
        threads: Processor threads, at least 1.
        progress: Hears after each batch.

    Returns:
        float32 `[N, K]`; a quantized model's rows add up to 1 only within its resolution.
    """
    beside = min(threads, MOST_INTERPRETERS)
    batched = [_batched(model, threads // beside, BATCH_IMAGES // beside) for _ in range(beside)]
    batch_images = batched[0][1]
    idle: queue.SimpleQueue[_Invoke] = queue.SimpleQueue()
    for invoke, _ in batched:
        idle.put(invoke)
    rows = np.empty((len(pixels), model.output.shape[-1]), np.float32)

    def answer(start: int) -> int:
        batch = np.asarray(pixels[start : start + batch_images])
        missing = batch_images - len(batch)
        full = np.concatenate([batch, np.zeros((missing, *batch.shape[1:]), np.uint8)])
        invoke = idle.get()
        try:
            answered = invoke(prepare_input(full, model.input))
        finally:
            idle.put(invoke)
        rows[start : start + len(batch)] = dequantize(answered[: len(batch)], model.output)
        return start + len(batch)

    began = time.monotonic()
    # Interpreters that work by themselves wait for nobody; the threads of one wait for each other
    # at every operator.
    with ThreadPoolExecutor(beside) as pool:
        for done in pool.map(answer, range(0, len(pixels), batch_images)):
            rate = done / max(time.monotonic() - began, 1e-9)
            progress(Step(done, len(pixels), "images", {"images_per_s": rate}))
    return rows


def dequantize(stored: npt.NDArray[np.generic], spec: TensorSpec) -> npt.NDArray[np.float32]:
    """Return the real values that a tensor's stored values stand for, as float32."""
    if not spec.scale:
        return stored.astype(np.float32)
    return (stored.astype(np.float32) - spec.zero_point) * np.float32(spec.scale)


def _batched(model: TfliteModel, threads: int, batch_images: int) -> tuple[_Invoke, int]:
    """Return a function from a batch of inputs to its outputs, and the batch's size."""
    runner = interpreter(model.path, threads)
    where = runner.get_input_details()[0]["index"]
    out = runner.get_output_details()[0]["index"]
    try:
        runner.resize_tensor_input(where, [batch_images, *model.input.tensor.shape[1:]])
        runner.allocate_tensors()
        fits = tuple(runner.get_output_details()[0]["shape"][:1]) == (batch_images,)
    except (RuntimeError, ValueError):
        fits = False
    if not fits:  # a reshape to a fixed batch, as after a flattening layer
        runner, batch_images = interpreter(model.path, threads), 1

    def invoke(inputs: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        runner.set_tensor(where, inputs)
        runner.invoke()
        answer: npt.NDArray[np.generic] = runner.get_tensor(out)
        return answer

    return invoke, batch_images


def time_single_images(
    model: TfliteModel,
    threads: int,
    *,
    seconds: float = 1.0,
    at_least: int = 50,
    at_most: int = 1000,
) -> npt.NDArray[np.float64]:
    """Return the milliseconds of single inferences on one made-up image, after a warm-up.

    Args:
        model: Any model with one input.
        threads: Processor threads, at least 1.
        seconds: Wall time to spend, unless `at_least` takes longer.
        at_least: Fewest inferences.
        at_most: Most inferences: enough for a 95th percentile, and a network of some microseconds
            does not keep a sweep waiting.

    Returns:
        float64 `[M]`, in the order in which they ran; `invoke` alone, without copying in and out.
    """
    runner = interpreter(model.path, threads)
    pixels = np.random.default_rng(0).integers(0, 256, (1, *model.input.image_shape), np.uint8)
    runner.set_tensor(runner.get_input_details()[0]["index"], prepare_input(pixels, model.input))
    for _ in range(5):
        runner.invoke()
    times: list[float] = []
    began = time.monotonic()
    while len(times) < at_least or (len(times) < at_most and time.monotonic() - began < seconds):
        start = time.perf_counter()
        runner.invoke()
        times.append((time.perf_counter() - start) * 1000)
    return np.array(times)
