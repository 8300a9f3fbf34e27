"""Pruned weights are zero and clustered ones few, and stay so in quantization-aware training."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.quant import cluster, cqat, pqat, prune

if TYPE_CHECKING:
    from coralexp.quant.contract import FineTuning
    from coralexp.tf_runtime import keras

pytestmark = pytest.mark.tf

MODES = {
    "prune": prune.plan(sparsity=0.75),
    "cluster": cluster.plan(clusters=4),
    "pqat": pqat.plan(sparsity=0.75),
    "cqat": cqat.plan(clusters=4),
}


def network() -> keras.Model:
    """Return a convolution, a depthwise one and a dense layer, their weights random."""
    from coralexp.tf_runtime import keras

    layers = keras.layers
    keras.utils.set_random_seed(7)
    image = keras.Input((16, 16, 1), name="image")
    x = layers.Conv2D(16, 3, activation="relu", name="first")(image)
    x = layers.DepthwiseConv2D(3, activation="relu", name="depthwise")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(8, activation="softmax", name="last")(x))


def fitted(model: keras.Model, tuning: FineTuning) -> keras.Model:
    """Return a model after a few steps of what a mode asks for."""
    pixels = np.random.default_rng(0).uniform(-1, 1, (32, 16, 16, 1)).astype(np.float32)
    prepared = tuning.prepare(model, pixels)
    prepared.compile("adam", "sparse_categorical_crossentropy")
    prepared.fit(
        pixels, np.arange(32) % 8, 8, epochs=2, verbose=0, callbacks=list(tuning.callbacks())
    )
    return tuning.finish(prepared)


def kernels(model: keras.Model) -> dict[str, np.ndarray]:
    """Return the kernels by the names of their layers, without tfmot's prefixes."""
    found = {}
    for layer in model.layers:
        for weight in layer.weights:
            if weight.name.endswith("kernel:0"):
                found[layer.name.removeprefix("quant_")] = weight.numpy()
    return found


@pytest.fixture(scope="module", params=["prune", "cluster"])
def compressed(request: pytest.FixtureRequest) -> tuple[str, keras.Model]:
    tuning = MODES[request.param].compression
    assert tuning is not None
    return request.param, fitted(network(), tuning)


def test_a_compressed_model_is_a_plain_one_again(compressed: tuple[str, keras.Model]) -> None:
    _, model = compressed

    assert [layer.name for layer in model.layers] == [layer.name for layer in network().layers]


def test_weights_are_zero_or_few(compressed: tuple[str, keras.Model]) -> None:
    kind, model = compressed
    for name, kernel in kernels(model).items():
        if name == "depthwise":  # left alone
            assert len(np.unique(kernel)) > 4
            assert np.mean(kernel == 0) < 0.1
        elif kind == "prune":
            assert np.mean(kernel == 0) == pytest.approx(0.75, abs=0.01)
        else:
            assert len(np.unique(kernel)) <= 4


def test_fine_tuning_keeps_what_was_compressed(compressed: tuple[str, keras.Model]) -> None:
    kind, model = compressed
    tuning = MODES["pqat" if kind == "prune" else "cqat"].fine_tuning
    assert tuning is not None
    before = kernels(model)
    plain = network()  # as the next stage has it: made anew, and given the weights
    plain.set_weights(model.get_weights())

    after = kernels(fitted(plain, tuning))

    for name in ("first", "last"):
        if kind == "prune":
            assert np.array_equal(after[name] == 0, before[name] == 0)
        else:
            assert len(np.unique(after[name])) <= 4


@pytest.mark.parametrize(("one", "other"), [("prune", "pqat"), ("cluster", "cqat")])
def test_both_ways_share_the_compression(one: str, other: str) -> None:
    first, second = MODES[one].compression, MODES[other].compression

    assert first is not None
    assert second is not None
    assert (first.options, first.version) == (second.options, second.version)
