"""Every choice of the group `backbone` keeps the contract."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest
import yaml

CHOICES = sorted((Path(__file__).parents[2] / "conf" / "backbone").glob("*.yaml"))
# Those of keras.applications share their mechanics; building each takes seconds, and VGG16 stands
# for them here. `test_keras_application.py` has the others.
STANDS_FOR_ALL = "vgg16"
BUILT = [
    choice
    for choice in CHOICES
    if choice.stem == STANDS_FOR_ALL
    or "keras_application" not in vars(importlib.import_module(f"coralexp.backbones.{choice.stem}"))
]
SIDE_PX = 64


def builder(choice: Path):
    """Return the function that a YAML names, and the options beside it."""
    options = yaml.safe_load(choice.read_text("utf-8"))
    module, name = options.pop("_target_").rsplit(".", 1)
    options = {
        key: tuple(value) if isinstance(value, list) else value for key, value in options.items()
    }
    return getattr(importlib.import_module(module), name), options


@pytest.mark.parametrize("choice", CHOICES, ids=lambda path: path.stem)
def test_choice_is_described_and_versioned(choice: Path) -> None:
    build, _ = builder(choice)

    assert choice.read_text("utf-8").startswith("# ")
    assert isinstance(importlib.import_module(build.__module__).VERSION, int)


@pytest.mark.tf
@pytest.mark.parametrize("choice", BUILT, ids=lambda path: path.stem)
@pytest.mark.parametrize("channels", [1, 3])
def test_images_become_finite_features(choice: Path, channels: int) -> None:
    build, options = builder(choice)
    model = build((SIDE_PX, SIDE_PX, channels), **options)
    images = np.random.default_rng(0).uniform(-1, 1, (2, SIDE_PX, SIDE_PX, channels))

    features = model(images.astype(np.float32), training=False).numpy()

    assert features.ndim == 4
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


@pytest.mark.tf
@pytest.mark.parametrize("choice", BUILT, ids=lambda path: path.stem)
def test_names_of_layers_do_not_depend_on_what_was_built_before(choice: Path) -> None:
    build, options = builder(choice)
    first, second = (build((SIDE_PX, SIDE_PX, 3), **options) for _ in range(2))

    assert [layer.name for layer in first.layers] == [layer.name for layer in second.layers]
    assert first.name == second.name
    assert not any(layer.name.startswith("head_") for layer in first.layers)


@pytest.mark.tf
@pytest.mark.parametrize("choice", BUILT, ids=lambda path: path.stem)
def test_from_scratch_normalization_follows_quickly(choice: Path) -> None:
    from coralexp.tf_runtime import keras

    build, options = builder(choice)
    model = build((SIDE_PX, SIDE_PX, 3), **options)
    normalizations = [x for x in model.layers if isinstance(x, keras.layers.BatchNormalization)]

    assert normalizations or choice.stem in {"cifar10_tutorial", "vgg16"}
    assert {layer.momentum for layer in normalizations} <= {0.9}


@pytest.mark.tf
@pytest.mark.parametrize("choice", BUILT, ids=lambda path: path.stem)
def test_quantization_aware_training_takes_it_with_a_head(choice: Path) -> None:
    from coralexp.heads import linear
    from coralexp.tf_runtime import keras, tfmot

    build, options = builder(choice)
    unfit = getattr(sys.modules[build.__module__], "unfit_for_fine_tuning", None)
    if unfit is not None and unfit(options):
        pytest.skip(unfit(options))
    backbone = build((SIDE_PX, SIDE_PX, 3), **options)
    model = keras.Model(backbone.input, linear.attach(backbone.output, 5))

    quantized = tfmot.quantization.keras.quantize_model(model)

    answer = quantized(np.zeros((1, SIDE_PX, SIDE_PX, 3), np.float32), training=False).numpy()
    assert answer.shape == (1, 5)
    assert answer.sum() == pytest.approx(1, abs=1e-5)
