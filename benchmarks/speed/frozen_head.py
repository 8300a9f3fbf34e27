"""A head on a frozen MobileNetV2: the stages `features` and `train`, against `model.fit` on images.

Both sides learn from the same 1,000 images for 10 epochs in the same batches, are validated after
each epoch and tested at the end, and save the model for Keras and as the SavedModel from which
LiteRT's documentation converts. The reference is a model with the backbone frozen, as Keras's guide
to transfer learning has it. Ours has two rows: the first head, whose features are computed on the
way and then rest in the store, and a head that finds them there. TensorFlow's import counts
nowhere. No network is reachable for ImageNet's weights, so the backbone is a random one whose
normalization was fitted to the images: its features tell these pictures apart, and times do not
depend on the weights.
"""

from __future__ import annotations

import statistics
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from fresh import call
from made import CLASSES, dataset_entry
from promise import Found, Promise

from coralexp.artifacts.examples import read_split
from coralexp.artifacts.progress import silent
from coralexp.backbones import mobilenetv2
from coralexp.heads import linear
from coralexp.pipeline.environment import default_threads
from coralexp.stages.features import write_features
from coralexp.stages.train import train_model
from coralexp.training import recipe

if TYPE_CHECKING:
    from promise import Json

_BATCH_IMAGES = 32
_RATE = 0.01
_ROUNDS = 3
_ALIKE = 0.05  # a standard error of an accuracy near a third on 100 images: sqrt(1/3 * 2/3 / 100)


def _size(*, quick: bool) -> tuple[int, int, int, int, float]:
    """Return training images, images of each other split, side, epochs and width."""
    return (60, 20, 32, 2, 0.35) if quick else (1000, 100, 224, 10, 1.0)


def weights(folder: str, quick: bool) -> Json:  # noqa: FBT001 - called by name
    """Write the backbone's weights."""
    from coralexp.tf_runtime import keras

    _, _, side_px, _, width = _size(quick=quick)
    keras.utils.set_random_seed(0)
    backbone = mobilenetv2.build((side_px, side_px, 3), width=width)
    for layer in backbone.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.0  # the statistics of one batch
    pixels, _ = read_split(Path(folder) / "dataset", "train")
    backbone(pixels[:60].astype("float32") / 127.5 - 1, training=True)
    backbone.save(Path(folder) / "backbone.h5")
    return {}


def ours(folder: str, quick: bool, seed: int) -> Json:  # noqa: FBT001 - called by name
    """Compute the features once and let the head learn from them."""
    import json

    from coralexp.tf_runtime import keras, tf  # noqa: F401 - its import counts on neither side

    _, _, _, epochs, width = _size(quick=quick)
    root = Path(folder)
    dataset = root.parent / "dataset"
    backbone = partial(mobilenetv2.build, width=width, weights=str(root.parent / "backbone.h5"))
    how = {"seed": seed, "threads": default_threads(), "progress": silent}
    for stage in ("features", "train"):
        (root / stage).mkdir()
    start = time.perf_counter()
    write_features(dataset, backbone, root / "features", pooled=True, **how)
    head_start = time.perf_counter()
    plan = recipe.plan(
        epochs=epochs,
        batch_size=_BATCH_IMAGES,
        learning_rate=_RATE,
        schedule="constant",
        freeze_backbone=True,
    )
    train_model(
        dataset, backbone, linear.attach, plan, root / "train", features=root / "features", **how
    )
    end = time.perf_counter()
    metrics = json.loads((root / "train" / "metrics.json").read_text("utf-8"))
    return {
        "seconds": end - start,
        "next_head_seconds": end - head_start,
        "accuracy": metrics["accuracy_float"],
    }


def reference(folder: str, quick: bool, seed: int) -> Json:  # noqa: FBT001 - called by name
    """Let the same head learn by `model.fit` on the images."""
    from coralexp.tf_runtime import keras, tf

    _, _, side_px, epochs, width = _size(quick=quick)
    root = Path(folder).parent
    splits = {name: read_split(root / "dataset", name) for name in ("train", "validation", "test")}
    keras.utils.set_random_seed(seed)
    start = time.perf_counter()
    backbone = mobilenetv2.build(
        (side_px, side_px, 3), width=width, weights=str(root / "backbone.h5")
    )
    backbone.trainable = False
    image = keras.Input((side_px, side_px, 3))
    scaled = keras.layers.Rescaling(1 / 127.5, offset=-1)(image)
    answer = linear.attach(backbone(scaled, training=False), CLASSES)
    model = keras.Model(image, answer)
    model.compile(keras.optimizers.Adam(_RATE), "sparse_categorical_crossentropy", ["accuracy"])

    def batches(name: str) -> tf.data.Dataset:
        pixels, labels = splits[name]
        found = tf.data.Dataset.from_tensor_slices((pixels, labels))
        found = found.shuffle(len(pixels)) if name == "train" else found
        return found.batch(_BATCH_IMAGES).prefetch(tf.data.AUTOTUNE)

    model.fit(batches("train"), validation_data=batches("validation"), epochs=epochs, verbose=0)
    accuracy = float(model.evaluate(batches("test"), verbose=0)[1])
    model.save(Path(folder) / "model.h5")
    export_start = time.perf_counter()
    model.export(str(Path(folder) / "saved_model"))
    end = time.perf_counter()
    return {"seconds": end - start, "export_seconds": end - export_start, "accuracy": accuracy}


def measure(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure a head from nothing."""
    return _measure(folder, "seconds", quick=quick)


def measure_next(folder: Path, quick: bool) -> Found:  # noqa: FBT001 - the contract of a row
    """Measure a head whose features are in the store."""
    return _measure(folder, "next_head_seconds", quick=quick)


def _measure(folder: Path, seconds: str, *, quick: bool) -> Found:
    """Measure both sides in turn; `seconds` names what counts of ours."""
    train, rest, side_px, _, _ = _size(quick=quick)
    dataset_entry(folder, train, rest, side_px)
    call(weights, str(folder), quick)
    found: dict[str, list[dict[str, Json]]] = {"ours": [], "reference": []}
    for number in range(1 if quick else _ROUNDS):
        for name, side in (("ours", ours), ("reference", reference)):
            place = folder / f"{name}{number}"
            place.mkdir()
            found[name].append(call(side, str(place), quick, number))
    accuracies = {name: [one["accuracy"] for one in side] for name, side in found.items()}
    means = {name: statistics.fmean(some) for name, some in accuracies.items()}
    exports = [one["export_seconds"] for one in found["reference"]]
    words = " and ".join(
        f"{', '.join(f'{accuracy:.2f}' for accuracy in some)} ({name})"
        for name, some in accuracies.items()
    )
    return Found(
        [one[seconds] for one in found["ours"]],
        [one["seconds"] for one in found["reference"]],
        f"{train:,} images at 224 px, batches of {_BATCH_IMAGES}, 10 epochs",
        facts=(
            f"accuracy on {rest} test images, a seed a round: {words}",
            f"the reference took {min(exports):.1f} to {max(exports):.1f} s to save for LiteRT",
        ),
        conditions={
            f"mean accuracy equal or better, to {_ALIKE:g}": means["ours"]
            >= means["reference"] - _ALIKE
        },
    )


_WHAT = "head on a frozen MobileNetV2 1.0, 224 px, 10 epochs, 1,000 images"
_AGAINST = "`model.fit` on the images"
FIRST = Promise("head", f"{_WHAT}, its features included", _AGAINST, 6.0, measure)
NEXT = Promise("next_head", f"{_WHAT}, its features in the store", _AGAINST, 6.0, measure_next)
