"""Fine-tuning begins with ranges that fit the trained model, not with those of tfmot."""

from __future__ import annotations

import numpy as np
import pytest

from coralexp.quant import qat

pytestmark = pytest.mark.tf


def wide_network():
    """Return a network whose activations reach far beyond tfmot's first ranges of [-6, 6]."""
    from coralexp.tf_runtime import keras

    layers = keras.layers
    keras.utils.set_random_seed(3)
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, use_bias=False, name="wide")(image)
    x = layers.BatchNormalization(name="wide_bn")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    model = keras.Model(image, layers.Dense(4, activation="softmax", name="answer")(x))
    model.get_layer("wide_bn").set_weights(
        [np.full(8, 60.0), np.linspace(-30, 50, 8), np.zeros(8), np.ones(8)]
    )
    return model


def images(count: int) -> np.ndarray:
    """Return noise in [-1, 1]."""
    return np.random.default_rng(5).uniform(-1, 1, (count, 16, 16, 3)).astype(np.float32)


def prepare(model, given: np.ndarray):
    """Return the model with fake quantization."""
    tuning = qat.plan().fine_tuning
    assert tuning is not None
    return tuning.prepare(model, given)


def test_a_range_begins_at_the_mean_extremes_of_the_batches() -> None:
    from coralexp.tf_runtime import keras

    model, given = wide_network(), images(32)
    quantized = prepare(model, given)

    answers = keras.Model(model.input, model.get_layer("wide_bn").output)(given).numpy()
    batches = answers.reshape(2, -1)
    variables = {v.name: float(v) for v in quantized.weights if "wide_bn/output" in v.name}
    assert variables == pytest.approx(
        {
            "quant_wide_bn/output_min:0": batches.min(1).mean(),
            "quant_wide_bn/output_max:0": batches.max(1).mean(),
        },
        rel=1e-5,
    )


def test_before_any_step_the_model_answers_nearly_as_before() -> None:
    model, given = wide_network(), images(20)
    quantized = prepare(model, given)

    before, after = model.predict(given, verbose=0), quantized.predict(given, verbose=0)

    assert np.abs(before - after).max() < 0.1
    assert np.mean(before.argmax(1) == after.argmax(1)) >= 0.9


def test_fewer_images_than_a_batch_are_enough() -> None:
    quantized = prepare(wide_network(), images(1))

    ranges = [float(v) for v in quantized.weights if v.name.endswith("output_max:0")]
    assert max(ranges) > 6
    assert np.isfinite(ranges).all()
