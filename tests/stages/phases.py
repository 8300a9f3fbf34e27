"""Trainings in two phases, whole and killed, in a process of their own.

    python phases.py FOLDER

It leaves a folder for each: what `save_trained` writes; and notes.txt, what the user was told.
"""

from __future__ import annotations

import contextlib
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.progress import silent
from coralexp.backbones import convnet
from coralexp.datasets import digits
from coralexp.heads import mlp
from coralexp.stages.dataset import write_dataset
from coralexp.stages.features import write_features
from coralexp.stages.train import train_model
from coralexp.training import recipe

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step
    from coralexp.training.contract import Recipe

SEED, THREADS = 1, 1
EPOCHS, LATER = 2, 2
BACKBONE = partial(convnet.build, filters=(4, 8))
TWO_PHASES = partial(
    recipe.plan,
    epochs=EPOCHS,
    batch_size=32,
    learning_rate=0.01,
    freeze_backbone=True,
    unfreeze_from="block2_conv",
    fine_tune_epochs=LATER,
    average=0.9,
    early_stopping=5,
)


class KilledError(Exception):
    """Stands for the end of the process."""


def main(root: Path) -> None:
    """Train in every way."""
    dataset, features = root / "dataset", root / "features"
    for folder in (dataset, features):
        folder.mkdir(parents=True)
    write_dataset(digits.read(side_px=8, limit=200), SEED, dataset, silent)
    write_features(dataset, BACKBONE, features, seed=SEED, threads=THREADS, progress=silent)
    notes: list[str] = []

    def train(name: str, plan: Recipe, *, killed_after: int = 0, fast: bool = False) -> None:
        def progress(step: Step) -> None:
            if step.note:
                notes.append(f"{name}: {step.note}")
            share = step.facts.get("epoch_share", 0.0)
            if not again and 0 < killed_after < share:
                raise KilledError

        for again in (False, True) if killed_after else (True,):
            folder = root / (name if again else f"{name}-before")
            folder.mkdir()
            with contextlib.suppress(KilledError):
                train_model(
                    dataset,
                    BACKBONE,
                    mlp.attach,
                    plan,
                    folder,
                    seed=SEED,
                    threads=THREADS,
                    progress=progress,
                    checkpoint=root / f"{name}.resume",
                    features=features if fast else None,
                )

    plan = TWO_PHASES()
    train("whole", plan)
    train("fast", plan, fast=True)
    for epoch in (1, EPOCHS + 1):
        train(f"killed{epoch}", plan, killed_after=epoch)
    train("killed_fast", plan, killed_after=EPOCHS, fast=True)
    train("watched", TWO_PHASES(tensorboard=True))
    train("until", recipe.plan(epochs=1, batch_size=32, freeze_until="block1_pool"))
    train("head", recipe.plan(epochs=1, batch_size=32, freeze_backbone=True))
    (root / "notes.txt").write_text("\n".join(notes), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
