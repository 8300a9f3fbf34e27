"""A training learns, ends when it should, and says what was wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts.progress import silent
from coralexp.errors import TrainingError
from coralexp.training import recipe
from coralexp.training.fit import Labelled, accuracy, fit

if TYPE_CHECKING:
    from coralexp.artifacts.progress import Step
    from coralexp.training.watch import History

pytestmark = pytest.mark.tf


def pictures(count: int, seed: int) -> Labelled:
    """Noise, brighter on the side that its class tells."""
    generator = np.random.default_rng(seed)
    labels = np.arange(count) % 2
    images = generator.integers(0, 156, (count, 8, 8, 1), np.uint8)
    images[labels == 0, :, :4] += 60
    images[labels == 1, :, 4:] += 60
    return Labelled(images, labels.astype(np.int64))


TRAIN, VALIDATION = pictures(96, 0), pictures(32, 1)
NOBODY = Labelled(TRAIN.images[:0], TRAIN.labels[:0])


def network():
    from coralexp.tf_runtime import keras

    keras.utils.set_random_seed(1)
    return keras.Sequential(
        [
            keras.layers.Flatten(input_shape=(8, 8, 1)),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )


def train(model=None, validation: Labelled = VALIDATION, progress=silent, **options) -> History:
    plan = recipe.plan(**{"epochs": 3, "batch_size": 16, "learning_rate": 0.02, **options})
    return fit(
        model or network(),
        TRAIN,
        validation,
        plan,
        epochs=plan.epochs,
        learning_rate=plan.learning_rate,
        seed=3,
        progress=progress,
    )


def test_it_learns_and_writes_every_epoch_down() -> None:
    model = network()
    before = accuracy(model, VALIDATION)

    history = train(model)

    assert accuracy(model, VALIDATION) > max(before, 0.9)
    assert [epoch.epoch for epoch in history.epochs] == [1, 2, 3]
    assert history.epochs[0].loss > history.epochs[-1].loss
    assert history.epochs[-1].validation_accuracy == pytest.approx(accuracy(model, VALIDATION))
    assert history.stopped_by is None
    assert history.images_per_s > 0


def test_equal_seeds_give_equal_weights() -> None:
    weights = []
    for _ in range(2):
        model = network()
        train(model, shift=0.1)
        weights.append(model.get_weights()[0])

    assert np.array_equal(*weights)


def test_it_tells_steps_and_epochs() -> None:
    steps: list[Step] = []

    train(progress=steps.append)

    epochs = [step for step in steps if step.unit == "epochs"]
    assert [(step.done, step.total) for step in epochs] == [(1, 3), (2, 3), (3, 3)]
    assert {"loss", "accuracy", "validation_accuracy"} <= set(epochs[-1].facts)
    in_steps = [step for step in steps if step.unit == "steps"]
    assert (in_steps[-1].done, in_steps[-1].total) == (18, 18)
    assert in_steps[-1].facts["epoch_share"] == pytest.approx(3)


def test_without_validation_it_trains_as_well() -> None:
    history = train(validation=NOBODY, early_stopping=1)

    assert [epoch.validation_loss for epoch in history.epochs] == [None] * 3
    assert "validation_loss" not in history.to_json()[0]


@pytest.mark.parametrize(
    ("schedule", "share"), [("constant", 1.0), ("cosine", 0.0), ("exponential", 0.01)]
)
def test_a_schedule_ends_where_it_says(schedule: str, share: float) -> None:
    history = train(schedule=schedule)

    assert history.epochs[-1].learning_rate == pytest.approx(0.02 * share, abs=2e-4)


@pytest.mark.parametrize("optimizer", ["adamw", "rmsprop", "sgd"])
def test_every_other_optimizer_lowers_the_loss(optimizer: str) -> None:
    history = train(optimizer=optimizer)

    assert history.epochs[-1].loss < history.epochs[0].loss


def test_a_loss_that_is_no_number_ends_it_with_place_and_hint() -> None:
    with pytest.raises(
        TrainingError,
        match=r"epoch 1, step \d+: the loss is (nan|inf); lower training\.learning_rate "
        r"\(now 1e\+38\)",
    ):
        train(learning_rate=1e38, optimizer="sgd", schedule="constant")


def test_the_hint_names_the_rate_that_was_used() -> None:
    with pytest.raises(TrainingError, match=r"lower quant\.learning_rate \(now 1e\+38\)"):
        fit(
            network(),
            TRAIN,
            VALIDATION,
            recipe.plan(batch_size=16, optimizer="sgd", schedule="constant"),
            epochs=1,
            learning_rate=1e38,
            seed=3,
            progress=silent,
            rate_option="quant.learning_rate",
        )


def test_time_ends_it_in_the_middle_of_an_epoch_that_still_counts() -> None:
    steps: list[Step] = []

    history = train(epochs=1000, max_minutes=1e-6, progress=steps.append)

    assert history.stopped_by == "time"
    assert len(history.epochs) == 1
    assert history.epochs[0].validation_accuracy is not None


def test_it_ends_early_when_nothing_improves_and_takes_the_best_weights_back() -> None:
    model = network()

    history = train(model, epochs=50, early_stopping=2, learning_rate=3.0, schedule="constant")

    losses = [epoch.validation_loss for epoch in history.epochs]
    assert history.stopped_by == "early_stopping"
    assert len(losses) < 50
    assert losses.index(min(losses)) == len(losses) - 3
    assert accuracy(model, VALIDATION) == pytest.approx(history.epochs[-3].validation_accuracy)


def test_rare_classes_count_more_when_wished() -> None:
    from coralexp.training.fit import _class_weights  # noqa: PLC2701 - a formula of its own

    labels = np.array([0] * 6 + [1] * 2, np.int64)

    assert _class_weights(labels, 3) == pytest.approx({0: 8 / 18, 1: 8 / 6, 2: 0.0})


def test_class_weights_lift_the_rare_class() -> None:
    rare = np.flatnonzero((TRAIN.labels == 0) | (np.arange(96) % 16 == 1))
    few = Labelled(TRAIN.images[rare], TRAIN.labels[rare])
    found = {}
    for wished in (False, True):
        model = network()
        plan = recipe.plan(batch_size=16, class_weights=wished)
        fit(model, few, NOBODY, plan, epochs=3, learning_rate=0.005, seed=3, progress=silent)
        answers = model.predict(VALIDATION.images / np.float32(127.5) - 1, verbose=0)
        found[wished] = float(np.mean(answers[VALIDATION.labels == 1, 1]))

    assert found[True] > found[False]


def test_smoothed_labels_keep_the_loss_up() -> None:
    assert train(label_smoothing=0.3).epochs[-1].loss > train().epochs[-1].loss


def test_what_is_judged_and_kept_is_the_average_where_one_is_asked_for() -> None:
    model = network()

    history = train(model, average=0.9, learning_rate=0.1, optimizer="sgd", schedule="constant")

    assert accuracy(model, VALIDATION) == pytest.approx(history.epochs[-1].validation_accuracy)
    plain = network()
    train(plain, learning_rate=0.1, optimizer="sgd", schedule="constant")
    assert not np.array_equal(model.get_weights()[0], plain.get_weights()[0])


def test_one_phase_needs_no_name() -> None:
    history = train(epochs=1)

    assert "phase" not in history.to_json()[0]
    assert history.batch_ms > 0


def test_mixed_images_are_learned_from_as_well() -> None:
    assert train(mixup=0.2, cutout=0.2, crop=0.8).epochs[-1].loss < 1
