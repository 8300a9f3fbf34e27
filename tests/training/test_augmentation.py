"""Augmented images are still images, and a function of their seed."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from coralexp.training.contract import Augmentation

pytestmark = pytest.mark.tf

IMAGES = np.random.default_rng(0).uniform(-1, 1, (16, 12, 12, 3)).astype(np.float32)
MUCH = Augmentation(flip=True, shift=0.3, rotation_deg=45.0, brightness=0.5, contrast=0.5)


def changed(augmentation: Augmentation, seed: tuple[int, int] = (1, 0), images=IMAGES):
    from coralexp.tf_runtime import tf
    from coralexp.training.augmentation import augment

    return augment(tf.constant(images), augmentation, tf.constant(seed, tf.int64)).numpy()


def test_no_augmentation_is_the_identity() -> None:
    assert np.array_equal(changed(Augmentation()), IMAGES)


def test_equal_seeds_give_equal_changes_and_others_do_not() -> None:
    assert np.array_equal(changed(MUCH), changed(MUCH))
    assert not np.array_equal(changed(MUCH), changed(MUCH, seed=(2, 0)))
    assert not np.array_equal(changed(MUCH), changed(MUCH, seed=(1, 1)))


@pytest.mark.parametrize(
    "augmentation",
    [
        MUCH,
        Augmentation(shift=0.9),
        Augmentation(rotation_deg=180.0),
        Augmentation(brightness=0.9),
        Augmentation(contrast=0.9),
    ],
    ids=["everything", "shift", "rotation", "brightness", "contrast"],
)
def test_changed_images_keep_shape_and_range(augmentation: Augmentation) -> None:
    images = changed(augmentation)

    assert images.shape == IMAGES.shape
    assert images.dtype == np.float32
    assert np.isfinite(images).all()
    assert -1 <= images.min() <= images.max() <= 1
    assert not np.array_equal(images, IMAGES)


def test_each_image_is_changed_in_its_own_way() -> None:
    same = np.repeat(IMAGES[:1], 8, axis=0)

    for augmentation in (Augmentation(shift=0.3), Augmentation(brightness=0.5)):
        assert len({image.tobytes() for image in changed(augmentation, images=same)}) == 8


def test_mirroring_turns_about_half_of_the_images_left_to_right() -> None:
    images = changed(Augmentation(flip=True))
    mirrored = [np.array_equal(new, old[:, ::-1]) for new, old in zip(images, IMAGES, strict=True)]
    kept = list(itertools.starmap(np.array_equal, zip(images, IMAGES, strict=True)))

    assert sum(mirrored) + sum(kept) == len(IMAGES)
    assert 3 <= sum(mirrored) <= 13


def test_a_shift_moves_by_no_more_than_its_share() -> None:
    dot = np.full((32, 20, 20, 1), -1, np.float32)
    dot[:, 9:11, 9:11] = 1

    moved = (changed(Augmentation(shift=0.2), images=dot) + 1)[..., 0]

    rows = np.arange(20)
    for axis in (1, 2):
        centre = (moved.sum(axis=axis) * rows).sum(axis=1) / moved.sum(axis=(1, 2))
        assert np.abs(centre - 9.5).max() <= 0.2 * 20 + 0.01
        assert np.abs(centre - 9.5).max() > 1


def test_a_rotation_turns_about_the_centre() -> None:
    rings = np.hypot(*np.meshgrid(np.arange(21) - 10, np.arange(21) - 10)) / 10 - 1
    images = np.clip(np.repeat(rings[None, ..., None], 8, axis=0), -1, 1).astype(np.float32)

    turned = changed(Augmentation(rotation_deg=180.0), images=images)

    inside = rings < -0.1  # elsewhere, a corner may have moved in
    assert np.abs(turned - images)[:, inside].max() < 0.06


def test_what_moves_in_at_an_edge_repeats_the_edge() -> None:
    white = np.ones((8, 12, 12, 1), np.float32)

    assert changed(Augmentation(shift=0.5, rotation_deg=45.0), images=white).min() > 0.999
