"""Event files for TensorBoard, written without it.

Each summary is a tensor under a name, marked for the plugin of TensorBoard that shows it; the forms
are those of `tensorboard.plugins.{scalar,histogram,image}.metadata`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from coralexp.tf_runtime import keras, tf
    from coralexp.training.watch import Epoch, History

FOLDER = "tensorboard"
_SHOWN_IMAGES = 16
_BINS = 30
_SCALARS = ("loss", "accuracy", "validation_loss", "validation_accuracy", "learning_rate")


def event_writer(
    folder: Path, batches: tf.data.Dataset, history: History, *, phase: int
) -> keras.callbacks.Callback:
    """Return the callback that writes one event file.

    After each epoch it holds loss, accuracy and rate; and, of the same few images each time,
    without dropout: histograms of weights, gradients and activations, and the share of the
    activations that is zero. TensorBoard finds it by its name, `phase1.tfevents`.

    Args:
        folder: Receives the file; made if it is absent.
        batches: What the first batch is taken from.
        history: Of the training; epochs that it holds at the beginning are written as well.
        phase: From 1.
    """
    from coralexp.tf_runtime import keras

    events = _Events(folder, batches, history, phase)

    def epoch_ends(epoch: int, logs: Mapping[str, float]) -> None:
        events.epoch_ends(callback.model)

    callback = keras.callbacks.LambdaCallback(
        on_train_begin=lambda logs: events.begin(),
        on_epoch_end=epoch_ends,
        on_train_end=lambda logs: events.end(),
    )
    return callback


@dataclass
class _Events:
    folder: Path
    batches: tf.data.Dataset
    history: History
    phase: int
    images: tf.Tensor = field(init=False)
    labels: tf.Tensor = field(init=False)
    writer: tf.summary.SummaryWriter = field(init=False)

    def begin(self) -> None:
        from coralexp.tf_runtime import tf

        images, labels = next(iter(self.batches))
        self.images, self.labels = images[:_SHOWN_IMAGES], labels[:_SHOWN_IMAGES]
        self.writer = tf.summary.create_file_writer(str(self.folder / f"{self.phase}"))
        if self.images.shape.rank == 4 and self.images.shape[-1] in {1, 3}:  # noqa: PLR2004
            self._write("images/training", _pngs(self.images), "images", 0)
        for epoch in self.history.epochs[self.history.before(self.phase) :]:
            self._scalars(epoch)

    def epoch_ends(self, model: keras.Model) -> None:
        epoch = self.history.epochs[-1]
        self._scalars(epoch)
        for name, values in self._arrays(model):
            self._write(name, _histogram(values), "histograms", epoch.epoch)
            if name.startswith("activations/"):
                zero = np.float32(np.mean(values == 0))
                self._write(f"sparsity/{name.partition('/')[2]}", zero, "scalars", epoch.epoch)
        self.writer.flush()

    def end(self) -> None:
        """Close the file, and give it a name that tells neither time nor machine."""
        self.writer.close()
        place = self.folder / f"{self.phase}"
        for file in place.iterdir():
            file.replace(self.folder / f"phase{self.phase}.tfevents")
        place.rmdir()

    def _arrays(self, model: keras.Model) -> Iterator[tuple[str, npt.NDArray[np.float32]]]:
        from coralexp.tf_runtime import keras, tf

        for weight in model.weights:
            if weight.dtype.is_floating:
                yield f"weights/{_name(weight)}", weight.numpy()
        layers = [layer for layer in model.layers if not isinstance(layer.output, list)]
        seen = keras.Model(model.inputs, [model.output, *(layer.output for layer in layers)])
        with tf.GradientTape() as tape:
            answers, *outputs = seen(self.images, training=False)
            loss = tf.reduce_mean(keras.losses.categorical_crossentropy(self.labels, answers))
        gradients = tape.gradient(loss, model.trainable_weights)
        for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
            if gradient is not None:
                yield f"gradients/{_name(weight)}", tf.convert_to_tensor(gradient).numpy()
        for layer, output in zip(layers, outputs, strict=True):
            yield f"activations/{layer.name}", output.numpy()

    def _scalars(self, epoch: Epoch) -> None:
        for name in _SCALARS:
            value = getattr(epoch, name)
            if value is not None:
                self._write(f"epoch/{name}", np.float32(value), "scalars", epoch.epoch)

    def _write(self, name: str, value: object, plugin: str, step: int) -> None:
        from coralexp.tf_runtime import tf

        shown_as = tf.compat.v1.SummaryMetadata(data_class=_DATA_CLASSES[plugin])
        shown_as.plugin_data.plugin_name = plugin
        with self.writer.as_default():
            tf.summary.write(name, value, step, shown_as)


# Of `SummaryMetadata`: a number, an array, or files one after the other.
_DATA_CLASSES: Mapping[str, str] = {
    "scalars": "DATA_CLASS_SCALAR",
    "histograms": "DATA_CLASS_TENSOR",
    "images": "DATA_CLASS_BLOB_SEQUENCE",
}


def _histogram(values: npt.NDArray[np.float32]) -> npt.NDArray[np.float64]:
    """Return left end, right end and count of each bin, `[bins, 3]`."""
    finite = values[np.isfinite(values)]
    counts, edges = np.histogram(finite, _BINS)
    return np.stack([edges[:-1], edges[1:], counts], axis=1)


def _pngs(images: tf.Tensor) -> list[bytes]:
    """Return width, height and a PNG file of each image, pixels in [-1, 1]."""
    from coralexp.tf_runtime import tf

    pixels = tf.cast(tf.round((images + 1.0) * 127.5), tf.uint8)
    files = [tf.io.encode_png(image).numpy() for image in pixels]
    return [str(images.shape[2]).encode(), str(images.shape[1]).encode(), *files]


def _name(weight: tf.Variable) -> str:
    return str(weight.name).partition(":")[0]
