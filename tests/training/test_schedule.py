"""Rates of each step, against the formulas on paper; optimizers with what they were given."""

from __future__ import annotations

import math

import numpy as np
import pytest

from coralexp.training import recipe

pytestmark = pytest.mark.tf


def rates(epochs: int = 4, **options) -> list[float]:
    """Return the rate of each step at a peak of 0.1 and 5 steps an epoch."""
    from coralexp.training.schedule import learning_rates

    plan = recipe.plan(epochs=epochs, **options)
    rate = learning_rates(plan, 0.1, epochs=epochs, steps_per_epoch=5)
    return [float(rate(step)) if callable(rate) else rate for step in range(epochs * 5)]


def test_an_exponential_rate_falls_by_its_factor_in_its_epochs() -> None:
    falling = rates(schedule="exponential", decay_rate=0.5, decay_epochs=2.0)

    assert falling == pytest.approx([0.1 * 0.5 ** (step / 10) for step in range(20)])


def test_a_staircase_falls_at_the_end_of_these_epochs_alone() -> None:
    falling = rates(schedule="exponential", decay_rate=0.1, decay_epochs=2.0, staircase=True)

    assert falling == pytest.approx([0.1] * 10 + [0.01] * 10)


def test_a_warm_up_rises_to_the_peak_and_the_schedule_follows_in_what_is_left() -> None:
    warmed = rates(schedule="cosine", warmup_epochs=1.0)

    assert warmed[:5] == pytest.approx([0.02, 0.04, 0.06, 0.08, 0.1])
    cosine = [0.05 * (1 + math.cos(math.pi * step / 15)) for step in range(15)]
    assert warmed[5:] == pytest.approx(cosine, abs=1e-6)
    assert rates(schedule="constant", warmup_epochs=0.4) == pytest.approx([0.05] + [0.1] * 19)


def one_step(**options) -> dict[str, float]:
    """Return how much a kernel and a bias of 1 lose in a step without gradient, at rate 0.1."""
    from coralexp.tf_runtime import keras, tf
    from coralexp.training.optimizer import make_optimizer

    layer = keras.layers.Dense(1, kernel_initializer="ones", bias_initializer="ones")
    layer.build((None, 1))
    optimizer = make_optimizer(recipe.plan(**options), 0.1)
    gradients = [tf.zeros_like(weight) for weight in layer.weights]
    optimizer.apply_gradients(zip(gradients, layer.weights, strict=True))
    return {weight.name: 1 - float(np.squeeze(weight.numpy())) for weight in layer.weights}


@pytest.mark.parametrize("optimizer", ["adam", "adamw", "rmsprop", "sgd"])
def test_weight_decay_takes_its_share_of_kernels_alone(optimizer: str) -> None:
    lost = one_step(optimizer=optimizer, weight_decay=0.2)

    assert lost["kernel:0"] == pytest.approx(0.1 * 0.2, rel=1e-4)
    assert lost["bias:0"] == 0
    assert one_step(optimizer="adam")["kernel:0"] == 0


def test_momentum_and_epsilon_arrive() -> None:
    from coralexp.training.optimizer import make_optimizer

    assert make_optimizer(
        recipe.plan(optimizer="sgd", momentum=0.0), 0.1
    ).momentum == pytest.approx(0)
    assert make_optimizer(recipe.plan(optimizer="sgd"), 0.1).momentum == pytest.approx(0.9)
    assert make_optimizer(recipe.plan(epsilon=1e-8), 0.1).epsilon == pytest.approx(1e-8)


def test_the_average_of_the_weights_is_that_of_the_formula_and_is_what_is_kept() -> None:
    from coralexp.tf_runtime import keras, tf
    from coralexp.training.averaging import Averages

    model = keras.Sequential([keras.layers.Dense(1, input_shape=(1,))])
    model.compile("sgd")
    (kernel, bias) = model.weights
    kernel.assign([[1.0]])
    averages = Averages(model, 0.3)
    expected = 1.0
    for step in range(1, 6):
        model.optimizer.iterations.assign(step)
        kernel.assign([[float(step)]])
        averages.step_ends()
        decay = min(0.3, (1 + step) / (10 + step))
        expected = decay * expected + (1 - decay) * step

    with averages.in_place():
        assert float(kernel[0, 0]) == pytest.approx(expected)
        assert float(bias[0]) == pytest.approx(0)
    assert float(kernel[0, 0]) == pytest.approx(5)
    assert isinstance(averages.variables[0], tf.Variable)
