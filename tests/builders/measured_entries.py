"""The entries of a job that is about to be measured, around a file that the real compiler made."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.artifacts.tflite_model import InputContract, TensorSpec, TfliteModel, write_contract
from coralexp.datasets import digits
from coralexp.edgetpu.compiler.options import CompileOptions
from coralexp.stages.compile import compile_stage
from coralexp.stages.dataset import write_dataset

if TYPE_CHECKING:
    from pathlib import Path

_NETWORK = "edgetpu/models/mobilenet_v1_0.25_128_quant"
_CLASSES = 1001


def write_entries(shared: Path, folder: Path) -> dict[str, Path]:
    """Write the entries dataset, convert, compile and evaluate; the host always said class 7.

    Args:
        shared: Folder that holds the network and what the compiler made of it.
        folder: Where to.
    """
    entries = {name: folder / name for name in ("dataset", "convert", "compile", "evaluate")}
    for entry in entries.values():
        entry.mkdir(parents=True)
    write_dataset(digits.read(side_px=128, channels=3, limit=100), 1, entries["dataset"], silent)
    path = entries["convert"] / "model.tflite"
    shutil.copyfile(shared / f"{_NETWORK}.tflite", path)
    pixels = TensorSpec("input", (1, 128, 128, 3), "uint8", 1 / 128, 128)
    answer = TensorSpec("output", (1, _CLASSES), "uint8", 1 / 256, 0)
    classes = tuple(f"name {number}" for number in range(_CLASSES))
    contract = InputContract(pixels, 1, 0)
    write_contract(TfliteModel(path, path.stat().st_size, contract, answer, classes))
    compile_stage(entries["convert"], "none", CompileOptions(), entries["compile"])
    made = entries["compile"] / "model_edgetpu.tflite"
    shutil.copyfile(shared / f"{_NETWORK}_edgetpu.tflite", made)
    _, labels = read_split(entries["dataset"], "test")
    rows = np.zeros((len(labels), _CLASSES), np.float32)
    rows[:, 7] = 1
    np.savez(entries["evaluate"] / "predictions.npz", labels=labels, probabilities=rows)
    return entries
