"""What a frozen backbone makes of the images: computed once, for every head and recipe."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from coralexp.artifacts.examples import read_index, read_split
from coralexp.artifacts.preprocessing import NOTHING
from coralexp.artifacts.progress import Step
from coralexp.datasets.contract import SPLITS
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
    from coralexp.heads.contract import AttachHead
    from coralexp.tf_runtime import keras, tf

VERSION = 3  # 2: without the test split, and never pooled

_BATCH_IMAGES = 32


def write_features(
    dataset: Path,
    build_backbone: BuildBackbone,
    folder: Path,
    *,
    seed: int,
    threads: int,
    progress: Progress,
    pooled: bool = False,
    steps: Preprocessing = NOTHING,
) -> None:
    """Run the backbone over the images.

    Args:
        dataset: Entry of the `dataset` stage.
        build_backbone: Pixels to features.
        folder: Empty; receives `train.npy`, `validation.npy` and `test.npy`, float32
            `[N, h, w, F]`, in the order of the images.
        seed: Of the weights of a backbone that has none stored.
        threads: Processor threads; the bits of the result depend on it.
        progress: Hears of images.
        pooled: Whether only the mean over height and width is kept, `[N, 1, 1, F]`.
        steps: What the host does to each image.

    Raises:
        WeightsError: If stored weights cannot be had or do not fit.
    """
    from coralexp.tf_runtime import tf

    seed_everything(seed, threads)
    image_shape = steps.shape_of(read_index(dataset).image_shape)
    backbone = build_backbone(image_shape)

    def answer(pixels: tf.Tensor) -> tf.Tensor:
        found = backbone(scale(pixels), training=False)
        return tf.reduce_mean(found, [1, 2], keepdims=True) if pooled else found

    images = tf.TensorSpec((None, *image_shape), tf.uint8)  # one trace, the last batch included
    features = tf.function(answer, input_signature=[images], autograph=False)
    splits = {split: read_split(dataset, split)[0] for split in SPLITS}
    *places, channels = backbone.output_shape[1:]
    features_shape = (*((1, 1) if pooled else places), channels)
    total, done = sum(map(len, splits.values())), 0
    for split, pixels in splits.items():
        shape = (len(pixels), *features_shape)
        to = np.lib.format.open_memmap(folder / f"{split}.npy", "w+", np.float32, shape)
        for start in range(0, len(pixels), _BATCH_IMAGES):
            batch = preprocess(np.asarray(pixels[start : start + _BATCH_IMAGES]), steps)
            to[start : start + len(batch)] = features(tf.constant(batch)).numpy()
            done += len(batch)
            progress(Step(done, total, "images"))
        to.flush()
        del to


def features_of(entry: Path, splits: Mapping[str, Labelled]) -> dict[str, Labelled]:
    """Return the features of the images of every split, as memory maps.

    Args:
        entry: Entry of the `features` stage.
        splits: The images, for their labels.

    Raises:
        StoreError: If they are missing or damaged, or not of these images.
    """
    found: dict[str, Labelled] = {}
    for split in SPLITS:
        file = entry / f"{split}.npy"
        try:
            features = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            raise StoreError(
                f"{file}: cannot be read ({error}); delete {entry} to have it made again"
            ) from error
        if len(features) != len(splits[split].labels):
            raise StoreError(f"{file}: is of other images; delete {entry} to have it made again")
        found[split] = Labelled(features, splits[split].labels)
    return found


def head_alone(
    model: keras.Model,
    backbone: keras.Model,
    attach_head: AttachHead,
    shape: tuple[int, int, int],
    classes: int,
) -> keras.Model:
    """Return a model from features to probabilities whose weights begin as those of the whole.

    Args:
        model: The whole.
        backbone: The part of it in front of the head.
        attach_head: Features to probabilities.
        shape: Of the features of an image.
        classes: How many.
    """
    from coralexp.tf_runtime import keras

    features = keras.Input(shape, name="features")
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
