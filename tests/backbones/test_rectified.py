"""A deep network from scratch still tells one picture from another."""

from __future__ import annotations

import numpy as np
import pytest

from coralexp.backbones import vgg16

pytestmark = pytest.mark.tf


def test_the_features_of_an_untrained_vgg_differ_between_pictures() -> None:
    from coralexp.tf_runtime import keras

    keras.utils.set_random_seed(1)
    model = vgg16.build((32, 32, 3))
    noise = np.random.default_rng(0).uniform(-1, 1, (8, 32, 32, 3)).astype(np.float32)

    features = model(noise, training=False).numpy().reshape(8, -1)

    assert 0.1 < features.std() < 10
    assert features.std(axis=0).mean() > 0.01  # as Keras draws them: 0.0001
