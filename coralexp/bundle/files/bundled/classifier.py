"""The network of a bundle: on the Edge TPU if there is one, else on the CPU; it says which."""

from __future__ import annotations

import os
import sys
import time
from typing import TYPE_CHECKING

import numpy as np

from coralexp.bundle.files.bundled.manifest import BundleError, Json, group, number
from coralexp.tflite.standardize import standardized

if TYPE_CHECKING:
    from argparse import ArgumentParser, Namespace
    from pathlib import Path

    from ai_edge_litert.interpreter import Interpreter

CPU, EDGE_TPU = "cpu", "edgetpu"
_ABSENT = ("library", "device")  # refusals that mean: there is no Edge TPU to be had here
_MS = 1000.0


def add_options(parser: ArgumentParser) -> None:
    """Add the options that say where the network runs."""
    parser.add_argument("--cpu", action="store_true", help="do not look for an Edge TPU")
    parser.add_argument(
        "--device", metavar="NAME", help="this Edge TPU and no CPU instead: usb, pci, usb:0, ..."
    )
    parser.add_argument(
        "--delegate", metavar="PATH", help="file of libedgetpu, if not the system's"
    )
    parser.add_argument("--threads", type=int, default=min(os.cpu_count() or 1, 4), metavar="N")
    parser.add_argument(
        "--unchecked", action="store_true", help="take files that differ from the manifest"
    )


class Classifier:
    """A network that is ready.

    Args:
        folder: Of the bundle.
        manifest: Its manifest.
        asked: What `add_options` took from the command line.

    Attributes:
        labels: Names, in the order of the output.
        side_px: Height and width of a picture for it, in pixels; it may take the middle alone.
        channels: 1 (grey) or 3 (RGB).
        resize: How a picture becomes a square; see `pictures.fit`.
        processor: `cpu` or `edgetpu`.
        told: In words where it runs, and why not on an Edge TPU.

    Raises:
        BundleError: If it cannot run as asked.
    """

    def __init__(self, folder: Path, manifest: dict[str, Json], asked: Namespace) -> None:
        self._input, self._output = group(manifest, "input"), group(manifest, "output")
        shape = self._input.get("shape")
        if not isinstance(shape, list):
            raise BundleError("the manifest does not tell what the model takes")
        _, self.side_px, _, self.channels = (int(str(size)) for size in shape)
        window_of = self._input.get("window_of")
        if isinstance(window_of, list):
            self.side_px = int(str(window_of[0]))
        self.resize = str(self._input.get("resize"))
        text = (folder / "labels.txt").read_text("utf-8")
        self.labels = text.split("\n")[:-1]
        made, self.processor, self.told = _start(folder, group(manifest, "models"), asked)
        self._made: Interpreter = made
        self._in = made.get_input_details()[0]["index"]
        self._out = made.get_output_details()[0]["index"]

    def classify(self, pixels: np.ndarray) -> tuple[np.ndarray, float]:
        """Return the probability of each label, float32 `[K]`, and the milliseconds of it.

        Args:
            pixels: uint8 `[side_px, side_px, channels]`.
        """
        values = prepare(pixels, self._input)
        start = time.perf_counter()
        self._made.set_tensor(self._in, values[None])
        self._made.invoke()
        stored = self._made.get_tensor(self._out)[0]
        spent_ms = (time.perf_counter() - start) * _MS
        return real_values(stored, self._output), spent_ms


def prepare(pixels: np.ndarray, contract: dict[str, Json]) -> np.ndarray:
    """Return pixels as the model stores them: `pixel * pixel_scale + pixel_offset`, as its dtype.

    Before, the middle is cut out and standardized, where the manifest says so.

    Args:
        pixels: uint8 `[H, W, C]`.
        contract: `input` of the manifest.
    """
    shape = contract.get("shape")
    if contract.get("window_of") and isinstance(shape, list):
        height, width = int(str(shape[1])), int(str(shape[2]))
        top, left = (pixels.shape[0] - height) // 2, (pixels.shape[1] - width) // 2
        pixels = pixels[top : top + height, left : left + width]
    if contract.get("standardize"):
        pixels = standardized(pixels[None])[0]
    dtype = np.dtype(str(contract.get("dtype")))
    scale, offset = number(contract, "pixel_scale"), number(contract, "pixel_offset")
    if dtype == np.uint8 and scale == 1 and offset == 0:
        return pixels
    values = pixels.astype(np.float32) * np.float32(scale)
    values += np.float32(offset)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        values = np.clip(np.rint(values), limits.min, limits.max)
    return values.astype(dtype)


def real_values(stored: np.ndarray, contract: dict[str, Json]) -> np.ndarray:
    """Return what stored values stand for, float32; `contract` is `output` of the manifest."""
    scale = number(contract, "scale")
    if not scale:
        return stored.astype(np.float32)
    zero_point = np.float32(number(contract, "zero_point"))
    real: np.ndarray = (stored.astype(np.float32) - zero_point) * np.float32(scale)
    return real


def best(row: np.ndarray, labels: list[str], count: int) -> list[tuple[str, float]]:
    """Return the most probable labels with their probabilities, the first of equal ones first."""
    order = np.argsort(-row, kind="stable")[: max(count, 1)]
    return [(labels[place], float(row[place])) for place in order]


def _start(folder: Path, models: dict[str, Json], asked: Namespace) -> tuple[Interpreter, str, str]:
    """Return the interpreter, its processor, and both in words."""
    # One file that measures on boards: runtimes and the Edge TPU's library are in it.
    sys.path.insert(0, str(folder / "agent.pyz"))
    from coralexp.boards.agent.answer import Refused

    compiled, why = models.get(EDGE_TPU), ""
    if asked.cpu:
        why = "as asked"
    elif compiled is None:
        why = str(models.get("why_no_edgetpu") or "the bundle has no compiled model")
        if asked.device:
            raise BundleError(f"--device {asked.device}: {why}")
    else:
        try:
            return _made(folder, str(compiled), asked, on_edge_tpu=True)
        except Refused as error:
            if asked.device or error.kind not in _ABSENT:
                raise BundleError(str(error)) from error
            why = str(error)
    try:
        made, processor, told = _made(folder, str(models.get(CPU)), asked, on_edge_tpu=False)
    except Refused as error:
        raise BundleError(str(error)) from error
    return made, processor, f"{told}: {why}"


def _made(
    folder: Path, name: str, asked: Namespace, *, on_edge_tpu: bool
) -> tuple[Interpreter, str, str]:
    from coralexp.boards.agent.runtimes import library_facts, make_interpreter

    made, facts = make_interpreter(
        str(folder / name),
        on_edge_tpu=on_edge_tpu,
        path=asked.delegate,
        device=asked.device,
        threads=asked.threads,
    )
    runtime = f"{facts['name']} {facts['version']}".strip()
    if not on_edge_tpu:
        threads = f"{asked.threads} thread{'s' * (asked.threads != 1)}"
        return made, CPU, f"runs on the CPU ({runtime}, {threads})"
    path = library_facts(asked.delegate)["path"]
    device = asked.device or "the one that it found"
    return made, EDGE_TPU, f"runs on the Edge TPU ({device}; {path}, {runtime})"
