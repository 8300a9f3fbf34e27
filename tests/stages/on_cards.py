"""A training as on two graphics cards, for which two halves of this processor stand in.

    python on_cards.py FOLDER

It is in half precision, and leaves the folder `train`.
"""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path

from coralexp.artifacts.progress import silent
from coralexp.backbones import convnet
from coralexp.datasets import digits
from coralexp.heads import mlp
from coralexp.stages.dataset import write_dataset
from coralexp.stages.train import train_model
from coralexp.training import hardware, recipe

RECIPE = {
    "epochs": 4,
    "batch_size": 32,
    "learning_rate": 0.01,
    "freeze_backbone": True,
    "unfreeze_from": "all",
    "fine_tune_epochs": 2,
    "fine_tune_rate": 1.0,
    "early_stopping": 3,
    "mixed_precision": True,
    "all_gpus": True,
}


def main(root: Path) -> None:
    """Train once."""
    from coralexp.tf_runtime import tf

    [processor] = tf.config.list_physical_devices("CPU")
    half = tf.config.LogicalDeviceConfiguration()
    tf.config.set_logical_device_configuration(processor, [half, half])
    hardware.gpus = lambda: [device.name for device in tf.config.list_logical_devices("CPU")]
    for name in ("dataset", "train"):
        (root / name).mkdir()
    write_dataset(digits.read(side_px=16, limit=500), 1, root / "dataset", silent)
    train_model(
        root / "dataset",
        partial(convnet.build, filters=(8, 16)),
        partial(mlp.attach, units=(16,), dropout=0.1),
        recipe.plan(**RECIPE),  # type: ignore[arg-type]
        root / "train",
        seed=1,
        threads=1,
        progress=silent,
        checkpoint=root / "checkpoint",
    )


if __name__ == "__main__":
    main(Path(sys.argv[1]))
