"""The second epoch over a folder of 5,000 jpg, against `image_dataset_from_directory`.

The reference decodes and resizes every file in every epoch, as its documentation has it; ours has
done so once, in the stage `dataset`, and reads the pixels that it left. Both give shuffled batches
of 64 scaled images with one-hot labels. Each side is a fresh process; its peak memory is told.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from fresh import call
from made import CLASSES, draw
from promise import Found, Promise

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.datasets import folder as folder_of_pictures
from coralexp.stages.dataset import write_dataset
from coralexp.training.batches import training_batches
from coralexp.training.contract import Augmentation

if TYPE_CHECKING:
    from promise import Json

_ROUNDS = 5
_JPG_PX = (320, 240)
_SIDE_PX = 96
_BATCH_IMAGES = 64


def pictures(folder: str, count: int) -> Json:
    """Write jpg files into a folder a class, all of them below `train`."""
    from PIL import Image

    drawn, labels = draw(count, 64)
    for number, (pixels, label) in enumerate(zip(drawn, labels, strict=True)):
        place = Path(folder) / "jpg" / "train" / f"class{label}"
        place.mkdir(parents=True, exist_ok=True)
        picture = Image.fromarray(pixels).resize(_JPG_PX, Image.Resampling.BICUBIC)
        picture.save(place / f"{number}.jpg", quality=90)
    for split in ("validation", "test"):
        for label in range(CLASSES):
            place = Path(folder) / "jpg" / split / f"class{label}"
            place.mkdir(parents=True)
            Image.fromarray(drawn[label] ^ len(split)).save(place / "0.jpg")
    return {}


def first_epoch(folder: str) -> Json:
    """Decode every file once, as the stage `dataset` does."""
    root = Path(folder)
    (root / "dataset").mkdir()
    start = time.perf_counter()
    pictures_of = folder_of_pictures.read(path=str(root / "jpg"), side_px=_SIDE_PX)
    write_dataset(pictures_of, 0, root / "dataset", silent)
    return {"seconds": time.perf_counter() - start}


def ours(folder: str) -> Json:
    """Go through the second epoch of a training's batches."""
    images, labels = read_split(Path(folder) / "dataset", "train")
    epoch = training_batches(
        images,
        labels,
        classes=CLASSES,
        batch_size=_BATCH_IMAGES,
        epochs=2,
        augmentation=Augmentation(),
        seed=0,
        first_epoch=1,
    )
    start = time.perf_counter()
    count = sum(int(batch.shape[0]) for batch, _ in epoch)
    return {"seconds": time.perf_counter() - start, "images": count}


def reference(folder: str) -> Json:
    """Go through two epochs and time the second."""
    from coralexp.tf_runtime import keras, tf

    files = keras.utils.image_dataset_from_directory(
        Path(folder) / "jpg" / "train",
        label_mode="categorical",
        image_size=(_SIDE_PX, _SIDE_PX),
        crop_to_aspect_ratio=True,
        batch_size=_BATCH_IMAGES,
        seed=0,
    )
    scaled = files.map(
        lambda x, y: (x / 127.5 - 1, y), num_parallel_calls=tf.data.AUTOTUNE
    ).prefetch(tf.data.AUTOTUNE)
    for _ in range(2):
        start = time.perf_counter()
        count = sum(int(batch.shape[0]) for batch, _ in scaled)
        seconds = time.perf_counter() - start
    return {"seconds": seconds, "images": count}


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure both sides in turn."""
    count = 100 if quick else 5000
    call(pictures, str(folder), count)
    first = call(first_epoch, str(folder))
    found: dict[str, list[dict[str, Json]]] = {"ours": [], "reference": []}
    for _ in range(1 if quick else _ROUNDS):
        found["ours"].append(call(ours, str(folder)))
        found["reference"].append(call(reference, str(folder)))
    peaks = {name: max(one["peak_bytes"] for one in side) / 2**20 for name, side in found.items()}
    once = first["peak_bytes"] / 2**20
    facts = (
        f"decoding once took {first['seconds']:.0f} s and {once:.0f} MiB",
        f"peak memory {peaks['ours']:.0f} MiB here, {peaks['reference']:.0f} MiB there",
    )
    whole = all(one["images"] == count for side in found.values() for one in side)
    return Found(
        [one["seconds"] for one in found["ours"]],
        [one["seconds"] for one in found["reference"]],
        f"{count:,} jpg of {_JPG_PX[0]} x {_JPG_PX[1]} px to {_SIDE_PX} px",
        facts=facts,
        conditions={
            "every image seen": whole,
            "no more memory than the reference": peaks["ours"] <= peaks["reference"],
        },
    )


PROMISE = Promise(
    "reading",
    "reading 5,000 jpg of a folder, second epoch",
    "`image_dataset_from_directory` as documented: decoded and resized in each epoch",
    3.0,
    measure,
)
