"""Batches are a function of seed and step, and hold each image once an epoch."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coralexp.artifacts.preprocessing import Preprocessing
from coralexp.tflite.preprocess import preprocess
from coralexp.tflite.standardize import standardized
from coralexp.training.batches import (
    batch_indices,
    evaluation_batches,
    random_windows,
    steps_per_epoch,
    training_batches,
)
from coralexp.training.contract import Augmentation

SIZES = st.integers(1, 60)


def epoch_of(images: int, batch_size: int, seed: int, epoch: int) -> list[int]:
    steps = steps_per_epoch(images, batch_size)
    batches = [
        batch_indices(images, batch_size, seed, step)
        for step in range(epoch * steps, (epoch + 1) * steps)
    ]
    assert all(1 <= len(batch) <= batch_size for batch in batches)
    return np.concatenate(batches).tolist()


@given(SIZES, SIZES, st.integers(0, 2**32 - 1), st.integers(0, 3))
def test_every_image_comes_once_an_epoch(
    images: int, batch_size: int, seed: int, epoch: int
) -> None:
    assert sorted(epoch_of(images, batch_size, seed, epoch)) == list(range(images))


def test_the_order_depends_on_seed_and_epoch_alone() -> None:
    assert epoch_of(50, 7, seed=1, epoch=2) == epoch_of(50, 7, seed=1, epoch=2)
    assert epoch_of(50, 7, seed=1, epoch=2) == epoch_of(50, 11, seed=1, epoch=2)
    assert epoch_of(50, 7, seed=1, epoch=2) != epoch_of(50, 7, seed=1, epoch=3)
    assert epoch_of(50, 7, seed=1, epoch=2) != epoch_of(50, 7, seed=2, epoch=2)


IMAGES = np.random.default_rng(0).integers(0, 256, (10, 6, 4, 1), np.uint8)
LABELS = np.arange(10) % 3


def batches(seed: int = 5, augmentation: Augmentation | None = None) -> list:
    made = training_batches(
        IMAGES,
        LABELS,
        classes=3,
        batch_size=4,
        epochs=2,
        augmentation=augmentation or Augmentation(),
        seed=seed,
    )
    return list(made.as_numpy_iterator())


@pytest.mark.tf
def test_training_sees_scaled_images_with_their_labels() -> None:
    made = batches()

    assert [len(images) for images, _ in made] == [4, 4, 2, 4, 4, 2]
    for step, (images, labels) in enumerate(made):
        chosen = batch_indices(10, 4, 5, step)
        np.testing.assert_allclose(images, IMAGES[chosen] / 127.5 - 1, atol=1e-6)
        assert images.dtype == labels.dtype == np.float32
        assert labels.argmax(axis=1).tolist() == LABELS[chosen].tolist()
        assert labels.sum(axis=1).tolist() == [1.0] * len(chosen)


@pytest.mark.tf
def test_features_are_passed_on_whatever_their_range() -> None:
    features = np.linspace(-5, 5, 80, dtype=np.float32).reshape(10, 2, 2, 2)

    made = training_batches(
        features,
        LABELS,
        classes=3,
        batch_size=4,
        epochs=1,
        augmentation=Augmentation(),
        seed=5,
    )

    for step, (batch, _) in enumerate(made.as_numpy_iterator()):
        assert np.array_equal(batch, features[batch_indices(10, 4, 5, step)])


@pytest.mark.tf
def test_augmented_batches_are_a_function_of_the_seed() -> None:
    much = Augmentation(flip=True, shift=0.2, rotation_deg=30, brightness=0.2, contrast=0.2)

    first, again, other = batches(5, much), batches(5, much), batches(6, much)

    for (images, _), (repeated, _) in zip(first, again, strict=True):
        assert np.array_equal(images, repeated)
    assert not np.array_equal(first[0][0], other[0][0])


@pytest.mark.tf
def test_evaluation_sees_every_image_once_in_order() -> None:
    made = list(evaluation_batches(IMAGES, LABELS, classes=3, batch_size=4).as_numpy_iterator())

    assert [len(images) for images, _ in made] == [4, 4, 2]
    np.testing.assert_allclose(
        np.concatenate([images for images, _ in made]), IMAGES / 127.5 - 1, atol=1e-6
    )
    assert np.concatenate([labels for _, labels in made]).argmax(axis=1).tolist() == LABELS.tolist()


def test_windows_are_at_places_that_seed_and_step_decide() -> None:
    images = np.arange(9 * 7, dtype=np.uint8).reshape(1, 9, 7, 1).repeat(400, 0)

    first, again = (random_windows(images, 6, seed=1, step=2) for _ in range(2))
    other = random_windows(images, 6, seed=1, step=3)

    assert first.shape == (400, 6, 6, 1)
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)
    # The first pixel tells the place: 4 rows times 2 columns are possible, and each is taken.
    assert sorted({int(window[0, 0, 0]) for window in first}) == [0, 1, 7, 8, 14, 15, 21, 22]
    assert all(np.array_equal(window - window[0, 0], first[0] - first[0, 0, 0]) for window in first)


@pytest.mark.tf
def test_training_standardizes_after_the_random_changes() -> None:
    plain = [images for images, _ in batches(augmentation=Augmentation(flip=True, window_px=4))]
    changed = [
        images
        for images, _ in training_batches(
            IMAGES,
            LABELS,
            classes=3,
            batch_size=4,
            epochs=2,
            augmentation=Augmentation(flip=True, window_px=4),
            seed=5,
            standardize=True,
        ).as_numpy_iterator()
    ]

    for before, after in zip(plain, changed, strict=True):
        pixels = np.rint((before + 1) * 127.5).astype(np.uint8)
        np.testing.assert_allclose(after, standardized(pixels) / 127.5 - 1, atol=1e-6)
        assert after.shape[1:] == (4, 4, 1)


@pytest.mark.tf
def test_evaluation_sees_what_the_host_will_give() -> None:
    steps = Preprocessing(4, standardize=True)

    made = evaluation_batches(IMAGES, LABELS, classes=3, batch_size=4, steps=steps)

    seen = np.concatenate([images for images, _ in made.as_numpy_iterator()])
    np.testing.assert_allclose(seen, preprocess(IMAGES, steps) / 127.5 - 1, atol=1e-6)
    assert seen.shape == (10, 4, 4, 1)
