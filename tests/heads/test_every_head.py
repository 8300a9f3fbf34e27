"""Every choice of the group `head` keeps the contract."""

from __future__ import annotations

import importlib
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import yaml

from coralexp.errors import OptionError
from coralexp.heads import linear, mlp
from coralexp.heads.contract import pools

CHOICES = sorted((Path(__file__).parents[2] / "conf" / "head").glob("*.yaml"))


def attacher(choice: Path):
    """Return the function that a YAML names, and the options beside it."""
    options = yaml.safe_load(choice.read_text("utf-8"))
    module, name = options.pop("_target_").rsplit(".", 1)
    return getattr(importlib.import_module(module), name), options


POOLING = [choice for choice in CHOICES if pools(attacher(choice)[0])]


@pytest.mark.parametrize("choice", CHOICES, ids=lambda path: path.stem)
def test_choice_is_described_and_versioned(choice: Path) -> None:
    attach, _ = attacher(choice)

    assert choice.read_text("utf-8").startswith("# ")
    assert isinstance(importlib.import_module(attach.__module__).VERSION, int)


@pytest.mark.parametrize("head", [linear, mlp])
@pytest.mark.parametrize("dropout", [-0.1, 1.0, float("nan")])
def test_a_dropout_that_leaves_nothing_is_refused(head, dropout: float) -> None:
    with pytest.raises(OptionError, match="share from 0 to below 1"):
        head.attach(None, 10, dropout=dropout)


def test_a_layer_without_units_is_refused() -> None:
    with pytest.raises(OptionError, match=r"such as \[128,64\]; got \[64, 0\]"):
        mlp.attach(None, 10, units=(64, 0))


@pytest.mark.tf
@pytest.mark.parametrize("choice", CHOICES, ids=lambda path: path.stem)
def test_features_become_probabilities_that_can_be_quantized(choice: Path) -> None:
    from coralexp.tf_runtime import keras, tfmot

    attach, options = attacher(choice)
    features = keras.Input((2, 3, 4), name="features")
    model = keras.Model(features, attach(features, 7, **options))
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype(np.float32)

    answer = model(x, training=False).numpy()
    quantized = tfmot.quantization.keras.quantize_model(model)

    assert answer.shape == (5, 7)
    np.testing.assert_allclose(answer.sum(axis=1), 1, atol=1e-5)
    assert all(layer.name.startswith("head_") for layer in model.layers[1:])
    assert quantized(x, training=False).shape == (5, 7)


@pytest.mark.tf
@pytest.mark.parametrize("choice", POOLING, ids=lambda path: path.stem)
def test_a_head_that_says_that_it_pools_sees_the_mean_alone(choice: Path) -> None:
    from coralexp.tf_runtime import keras

    attach, options = attacher(choice)
    features = keras.Input((2, 3, 4), name="features")
    pooled = keras.Input((1, 1, 4), name="features")
    of_places = keras.Model(features, attach(features, 7, **options))
    of_means = keras.Model(pooled, attach(pooled, 7, **options))
    of_means.set_weights(of_places.get_weights())
    x = np.random.default_rng(0).normal(size=(5, 2, 3, 4)).astype(np.float32)

    answers = of_means(x.mean(axis=(1, 2), keepdims=True), training=False)

    np.testing.assert_allclose(answers, of_places(x, training=False), atol=1e-6)


@pytest.mark.parametrize(
    ("attach", "expected"),
    [(linear.attach, True), (partial(linear.attach, dropout=0.1), True), (mlp.attach, False)],
)
def test_it_is_told_whether_a_head_pools(attach, expected: bool) -> None:
    assert pools(attach) is expected


@pytest.mark.tf
def test_mlp_has_the_layers_that_were_asked() -> None:
    from coralexp.tf_runtime import keras

    features = keras.Input((2, 2, 3))
    model = keras.Model(features, mlp.attach(features, 2, units=(8, 4), dropout=0.0))

    assert [layer.name for layer in model.layers[1:]] == [
        "head_flatten",
        "head_dense1",
        "head_dense2",
        "head_dense",
    ]
    assert [layer.units for layer in model.layers[2:]] == [8, 4, 2]


@pytest.mark.tf
def test_the_last_dropout_may_be_another() -> None:
    from coralexp.tf_runtime import keras

    features = keras.Input((1, 1, 3))
    model = keras.Model(
        features, mlp.attach(features, 2, units=(8, 4), dropout=0.3, last_dropout=0.0)
    )

    assert [layer.name for layer in model.layers[2:]] == [
        "head_dense1",
        "head_dropout1",
        "head_dense2",
        "head_dense",
    ]
    with pytest.raises(OptionError, match="last_dropout: must be a share"):
        mlp.attach(None, 2, last_dropout=1.0)


@pytest.mark.parametrize("l2", [-0.1, float("nan"), float("inf")])
def test_a_loss_that_is_no_loss_is_refused(l2: float) -> None:
    with pytest.raises(OptionError, match="must be 0 or more"):
        mlp.attach(None, 10, l2=l2)


@pytest.mark.tf
def test_the_loss_of_the_dense_layers_is_that_of_tensorflow() -> None:
    from coralexp.tf_runtime import keras, tf

    features = keras.Input((2, 2, 3))
    model = keras.Model(features, mlp.attach(features, 2, units=(8, 4), dropout=0.0, l2=0.004))

    kernels = [layer.kernel for layer in model.layers[2:4]]
    expected = sum(0.004 * float(tf.nn.l2_loss(kernel)) for kernel in kernels)
    assert len(model.losses) == 2
    assert float(sum(model.losses)) == pytest.approx(expected, rel=1e-6)
