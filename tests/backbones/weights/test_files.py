"""A backbone takes back what this project and plain Keras saved of it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.backbones import convnet, mobilenetv2
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf
SHAPE = (32, 32, 3)


@pytest.fixture(scope="module")
def classifier():
    """Return a small MobileNetV2 with a head, whose every weight is random."""
    from coralexp.heads import mlp
    from coralexp.tf_runtime import keras

    backbone = mobilenetv2.build(SHAPE, width=0.1)
    model = keras.Model(backbone.input, mlp.attach(backbone.output, 4, units=(8,)))
    random = np.random.default_rng(1)
    model.set_weights(
        [random.uniform(0.1, 0.9, x.shape).astype(np.float32) for x in model.get_weights()]
    )
    return model


def assert_same(model, classifier) -> None:
    """Check that every weight of a backbone is the classifier's."""
    for layer in (layer for layer in model.layers if layer.weights):
        for ours, theirs in zip(
            layer.weights, classifier.get_layer(layer.name).weights, strict=True
        ):
            np.testing.assert_array_equal(ours.numpy(), theirs.numpy(), err_msg=ours.name)


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model_folder"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_a_saved_classifier_gives_its_backbone_back(name: str, classifier, tmp_path: Path) -> None:
    path = tmp_path / name
    classifier.save(path, save_format="tf" if path.suffix == "" else None)

    assert_same(mobilenetv2.build(SHAPE, width=0.1, weights=str(path)), classifier)


@pytest.mark.parametrize("name", ["only.h5", "only.weights.h5"])
def test_saved_weights_give_the_backbone_back(name: str, classifier, tmp_path: Path) -> None:
    path = tmp_path / name
    classifier.save_weights(path)

    assert_same(mobilenetv2.build(SHAPE, width=0.1, weights=str(path)), classifier)


def test_a_module_that_holds_the_variables_gives_the_backbone_back(
    classifier, tmp_path: Path
) -> None:
    from coralexp.tf_runtime import tf

    module = tf.Module()
    module.held = classifier.variables
    tf.saved_model.save(module, tmp_path / "module")

    assert_same(mobilenetv2.build(SHAPE, width=0.1, weights=str(tmp_path / "module")), classifier)


def test_a_model_in_a_model_gives_the_backbone_back(tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras

    inner = keras.applications.MobileNetV2(SHAPE, alpha=0.1, include_top=False, weights=None)
    model = keras.Sequential([inner, keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(3)])
    for name in ("nested.weights.h5", "nested.h5"):
        model.save_weights(tmp_path / name)
        assert_same(mobilenetv2.build(SHAPE, width=0.1, weights=str(tmp_path / name)), inner)


@pytest.mark.parametrize("name", ["model.h5", "model.keras", "model_folder", "only.weights.h5"])
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
def test_layers_of_other_names_are_matched_by_order(name: str, tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras

    layers = keras.layers
    model = keras.Sequential([keras.Input((16, 16, 1))])
    for channels in (4, 6, 8):
        model.add(layers.Conv2D(channels, 3, padding="same", use_bias=False))
        model.add(layers.BatchNormalization(beta_initializer="random_normal"))
    model.add(layers.Flatten())
    model.add(layers.Dense(2))
    path = tmp_path / name
    if ".weights" in name:
        model.save_weights(path)
    else:
        model.save(path, save_format="tf" if path.suffix == "" else None)

    built = convnet.build((16, 16, 1), filters=(4, 6, 8), weights=str(path))

    ours = [weight for layer in built.layers for weight in layer.get_weights()]
    theirs = [weight for layer in model.layers[:-1] for weight in layer.get_weights()]
    assert len(ours) == 15
    for first, second in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(first, second)


def test_files_of_keras_3_are_taken(tmp_path: Path) -> None:
    program = f"""
import os
os.environ["KERAS_BACKEND"] = "tensorflow"
import keras
if not keras.__version__.startswith("3"):
    raise SystemExit(77)
keras.utils.set_random_seed(3)
model = keras.applications.MobileNetV2({SHAPE}, alpha=0.1, weights=None, classes=5)
model.save({str(tmp_path / "three.keras")!r})
model.save_weights({str(tmp_path / "three.weights.h5")!r})
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, capture_output=True, text=True
    )
    if done.returncode == 77:
        pytest.skip("the installed keras is not Keras 3")
    assert done.returncode == 0, done.stderr

    first, second = (
        mobilenetv2.build(SHAPE, width=0.1, weights=str(tmp_path / name))
        for name in ("three.keras", "three.weights.h5")
    )

    for ours, theirs in zip(first.get_weights(), second.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    fresh = mobilenetv2.build(SHAPE, width=0.1)
    assert not np.array_equal(first.get_weights()[0], fresh.get_weights()[0])


@pytest.mark.parametrize("name", ["only.h5", "only.weights.h5"])
def test_another_width_names_the_first_layer_that_does_not_fit(
    name, classifier, tmp_path: Path
) -> None:
    path = tmp_path / name
    classifier.save_weights(path)

    with pytest.raises(
        WeightsError, match=r"holds \[3, 3, 3, 8\], but 'Conv1' needs \[3, 3, 3, 48\]"
    ):
        mobilenetv2.build(SHAPE, width=1.4, weights=str(path))


def test_another_backbone_is_refused(classifier, tmp_path: Path) -> None:
    path = tmp_path / "only.h5"
    classifier.save_weights(path)

    with pytest.raises(WeightsError, match="'block1_conv' needs"):
        convnet.build(SHAPE, weights=str(path))


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path) -> None:
    model = convnet.build(SHAPE)
    model.set_weights([np.full_like(x, np.nan) for x in model.get_weights()])
    model.save_weights(tmp_path / "nan.h5")

    with pytest.raises(WeightsError, match="not finite"):
        convnet.build(SHAPE, weights=str(tmp_path / "nan.h5"))


def test_a_damaged_saved_model_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "variables").mkdir()
    (tmp_path / "variables" / "variables.index").write_bytes(b"nonsense")

    with pytest.raises(WeightsError, match="its variables cannot be read"):
        convnet.build(SHAPE, weights=str(tmp_path))
