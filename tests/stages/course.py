"""The stages of a small job that need TensorFlow, in a process of their own.

    python course.py FOLDER

It leaves the folders dataset, train, qat, convert_ptq, convert_qat, convert_none, and exported.npz:
what the fine-tuned model says before and after its export.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

import numpy as np

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.backbones import convnet
from coralexp.datasets import digits
from coralexp.heads import linear
from coralexp.quant import none, ptq, qat
from coralexp.stages.convert import convert_model
from coralexp.stages.dataset import write_dataset
from coralexp.stages.export_keras import export_keras
from coralexp.stages.qat import train_quantized
from coralexp.stages.train import train_model
from coralexp.training import recipe

RECIPE = recipe.plan(epochs=8, batch_size=32, learning_rate=0.02, shift=0.05)
SEED, THREADS = 1, 1
MODES = {
    "ptq": ptq.plan(calibration_images=20),
    "qat": qat.plan(epochs=1),
    "none": none.plan(),
}


def main(root: Path) -> None:
    """Run every stage once."""
    entries = {}
    for name in ("dataset", "train", "qat", *(f"convert_{mode}" for mode in MODES)):
        entries[name] = root / name
        entries[name].mkdir(parents=True)
    dataset = entries["dataset"]
    write_dataset(digits.read(side_px=16, limit=600), SEED, dataset, silent)
    train_model(
        dataset,
        partial(convnet.build, filters=(8, 16)),
        linear.attach,
        RECIPE,
        entries["train"],
        seed=SEED,
        threads=THREADS,
        progress=silent,
    )
    tuning = MODES["qat"].fine_tuning
    if tuning is None:
        raise ValueError("qat is a mode that trains")
    train_quantized(
        dataset,
        entries["train"],
        partial(convnet.build, filters=(8, 16)),
        linear.attach,
        tuning,
        RECIPE,
        entries["qat"],
        seed=SEED,
        threads=THREADS,
        progress=silent,
    )
    for name, mode in MODES.items():
        trained = entries["qat" if mode.fine_tuning else "train"]
        convert_model(dataset, trained, mode, entries[f"convert_{name}"], seed=SEED)
    export(entries, root)


def export(entries: dict[str, Path], root: Path) -> None:
    """Export the fine-tuned model and ask both."""
    from coralexp.tf_runtime import keras, tfmot

    export_keras(
        entries["qat"] / "model.h5",
        root / "exported.keras",
        partial(convnet.build, filters=(8, 16)),
        linear.attach,
        (16, 16, 1),
        classes=10,
        recipe=recipe.plan(),
        tuning=MODES["qat"].fine_tuning,
    )
    pixels, _ = read_split(entries["dataset"], "test")
    images = np.asarray(pixels[:16]) / np.float32(127.5) - np.float32(1)
    answers = {}
    for name, path in {
        "kept": entries["qat"] / "model.h5",
        "given": root / "exported.keras",
    }.items():
        with tfmot.quantization.keras.quantize_scope():
            model = keras.models.load_model(path, compile=False)
        answers[name] = model(images, training=False).numpy()
    np.savez(root / "exported.npz", **answers)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
