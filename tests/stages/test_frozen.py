"""The SavedModel of a training: what the converter reads, once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.stages.frozen import save_frozen

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf


def test_it_answers_as_the_model_and_holds_the_weights_once(tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras, tf

    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Conv2D(64, 3, activation="relu", name="conv")(image)
    x = keras.layers.Conv2D(64, 3, activation="relu", name="deeper")(x)
    x = keras.layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, keras.layers.Dense(10, "softmax", name="dense")(x), name="whole")
    pixels = np.random.default_rng(0).uniform(-1, 1, (1, 8, 8, 3)).astype(np.float32)

    save_frozen(model, tmp_path / "saved")

    answer = tf.saved_model.load(str(tmp_path / "saved")).signatures["serving_default"]
    found = answer(image=tf.constant(pixels))["probabilities"]
    np.testing.assert_allclose(found, model(pixels), atol=1e-6)
    weights_bytes = sum(weight.nbytes for weight in model.get_weights())
    stored_bytes = (tmp_path / "saved" / "saved_model.pb").stat().st_size
    assert weights_bytes < stored_bytes < 1.25 * weights_bytes
