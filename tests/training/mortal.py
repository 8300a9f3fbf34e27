"""Trainings in a process that kills itself at a moment it is told: `mortal.py FOLDER JOB MOMENT`.

JOB is one of `JOBS`; MOMENT is `never`, or one of

    step-N      after step N, counted over all epochs
    epoch-N     at the end of epoch N, before its checkpoint is written
    writing-N   with half of the checkpoint of epoch N written
    kept-N      when the checkpoint of epoch N is in place
"""

from __future__ import annotations

import io
import os
import shutil
import signal
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from coralexp.backbones import convnet
from coralexp.datasets import digits
from coralexp.heads import mlp
from coralexp.quant import qat
from coralexp.stages.dataset import write_dataset
from coralexp.stages.qat import train_quantized
from coralexp.stages.train import train_model
from coralexp.training import checkpoint, recipe, resume, watch

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step

SEED, THREADS, EPOCHS = 5, 1, 4
CHANGES = {"shift": 0.1, "rotation_deg": 8.0, "brightness": 0.1, "contrast": 0.1}
LASTS = recipe.plan(epochs=EPOCHS, batch_size=16, learning_rate=0.01, early_stopping=9, **CHANGES)
STOPS = recipe.plan(
    epochs=20,
    batch_size=16,
    learning_rate=0.05,
    optimizer="rmsprop",
    schedule="exponential",
    early_stopping=1,
    class_weights=True,
)
TUNING = qat.plan(epochs=EPOCHS, calibration_images=16).fine_tuning
JOBS = ("lasts", "stops", "qat")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def arrange(kind: str, number: int) -> None:
    """Prepare to die while a checkpoint is written, or after."""
    save, write = np.savez, checkpoint.write_checkpoint

    def savez(file: io.BufferedWriter, **arrays: np.ndarray) -> None:
        whole = io.BytesIO()
        save(whole, **arrays)
        file.write(whole.getbuffer()[: whole.tell() // 2])
        file.flush()
        die()

    def keep(path: Path, kept: checkpoint.Checkpoint) -> None:
        epochs = len(kept.facts["epochs"])
        if kind == "writing" and epochs == number:
            checkpoint.np.savez = savez
        write(path, kept)
        if kind == "kept" and epochs == number:
            die()

    resume.write_checkpoint = keep


def main(root: Path, job: str, moment: str) -> None:
    """Train, or fine-tune what `lasts` trained."""
    kind, _, count = moment.partition("-")
    number = int(count or 0)
    watch.TELL_EVERY_S = 0.0
    arrange(kind, number)

    def progress(step: Step) -> None:
        if step.note:
            print(step.note, flush=True)
        elif f"{kind}s" == step.unit and step.done == number:
            die()

    dataset, folder = root / "dataset", root / job
    if not dataset.exists():
        dataset.mkdir()
        write_dataset(digits.read(side_px=8, limit=90), SEED, dataset, progress)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    how = {"seed": SEED, "threads": THREADS, "progress": progress}
    kept = root / f".{job}.resume"
    parts = (
        partial(convnet.build, filters=(8,)),
        partial(mlp.attach, units=(16,), dropout=0.4),
    )
    if job == "qat":
        before = (dataset, root / "lasts")
        train_quantized(*before, *parts, TUNING, LASTS, folder, checkpoint=kept, **how)
        return
    train_model(
        dataset,
        *parts,
        LASTS if job == "lasts" else STOPS,
        folder,
        checkpoint=kept,
        **how,
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
