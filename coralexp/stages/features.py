"""What a frozen backbone makes of the images: computed once, for every head and recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index, read_split
from coralexp.artifacts.preprocessing import NOTHING
from coralexp.artifacts.progress import Step
from coralexp.errors import StoreError
from coralexp.tflite.preprocess import preprocess
from coralexp.training.batches import scale
from coralexp.training.fit import Labelled, seed_everything

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.artifacts.preprocessing import Preprocessing
    from coralexp.artifacts.progress import Progress
    from coralexp.backbones.contract import BuildBackbone
    from coralexp.datasets.contract import Split
    from coralexp.heads.contract import AttachHead
    from coralexp.tf_runtime import keras, tf

VERSION = 2  # 1: a training cut features to the range of pixels, so its results are made again

LEARNED_FROM: tuple[Split, ...] = ("train", "validation")
_BATCH_IMAGES = 32


def write_features(
    dataset: Path,
    build_backbone: BuildBackbone,
    folder: Path,
    *,
    seed: int,
    threads: int,
    progress: Progress,
    steps: Preprocessing = NOTHING,
) -> None:
    """Run the backbone over the images that a training sees.

    Args:
        dataset: Entry of the `dataset` stage.
        build_backbone: Pixels to features.
        folder: Empty; receives `train.npy` and `validation.npy`, float32 `[N, h, w, F]`, in the
            order of the images. The test split is left to the whole model.
        seed: Of the weights of a backbone that has none stored.
        threads: Processor threads; the bits of the result depend on it.
        progress: Hears of images.
        steps: What the host does to each image.

    Raises:
        WeightsError: If stored weights cannot be had or do not fit.
    """
    from coralexp.tf_runtime import tf

    seed_everything(seed, threads)
    backbone = build_backbone(steps.shape_of(read_index(dataset).image_shape))

    def answer(pixels: tf.Tensor) -> tf.Tensor:
        return backbone(scale(pixels), training=False)

    features = tf.function(answer, reduce_retracing=True)
    splits = {split: read_split(dataset, split)[0] for split in LEARNED_FROM}
    total, done = sum(map(len, splits.values())), 0
    for split, pixels in splits.items():
        shape = (len(pixels), *backbone.output_shape[1:])
        to = np.lib.format.open_memmap(folder / f"{split}.npy", "w+", np.float32, shape)
        for start in range(0, len(pixels), _BATCH_IMAGES):
            batch = preprocess(np.asarray(pixels[start : start + _BATCH_IMAGES]), steps)
            to[start : start + len(batch)] = features(tf.constant(batch)).numpy()
            done += len(batch)
            progress(Step(done, total, "images"))
        to.flush()
        del to


def features_of(entry: Path, splits: Mapping[str, Labelled]) -> tuple[Labelled, Labelled]:
    """Return the features of the images to learn from and to judge by, as memory maps.

    Args:
        entry: Entry of the `features` stage.
        splits: The images, for their labels.

    Raises:
        StoreError: If they are missing or damaged, or not of these images.
    """
    found = []
    for split in LEARNED_FROM:
        file = entry / f"{split}.npy"
        try:
            features = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(
                f"{file}: cannot be read ({error}); delete {entry} to have it made again"
            ) from error
        if len(features) != len(splits[split].labels):
            raise StoreError(f"{file}: is of other images; delete {entry} to have it made again")
        found.append(Labelled(features, splits[split].labels))
    train, validation = found
    return train, validation


def head_alone(
    model: keras.Model, backbone: keras.Model, attach_head: AttachHead, classes: int
) -> keras.Model:
    """Return a model from features to probabilities whose weights begin as those of the whole."""
    from coralexp.tf_runtime import keras

    features = keras.Input(backbone.output_shape[1:], name="features")
    head = keras.Model(features, attach_head(features, classes), name="head")
    for ours, theirs in zip(head.weights, _head_weights(model, backbone), strict=True):
        ours.assign(theirs)
    return head


def copy_head(head: keras.Model, model: keras.Model, backbone: keras.Model) -> None:
    """Give the whole model what the head has learned."""
    for ours, theirs in zip(_head_weights(model, backbone), head.weights, strict=True):
        ours.assign(theirs)


def _head_weights(model: keras.Model, backbone: keras.Model) -> list[tf.Variable]:
    """Return the weights behind the backbone, in the order in which the head alone has them."""
    frozen = {id(weight) for weight in backbone.weights}
    return [weight for weight in model.weights if id(weight) not in frozen]
