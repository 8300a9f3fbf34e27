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


def test_a_crop_is_an_enlarged_window_that_stays_in_the_image() -> None:
    ramp = np.linspace(-1, 1, 40, dtype=np.float32)  # what is seen tells from where it is
    images = np.broadcast_to(ramp[None, None, :, None], (64, 40, 40, 1)).copy()

    seen = changed(Augmentation(crop=0.5), images=images)[..., 0]

    sides = (seen[:, 20, -1] - seen[:, 20, 0]) / 2
    assert 0.45 < sides.min() < 0.6  # the smallest window
    assert 0.9 < sides.max() <= 1
    middles = (seen[:, 20, -1] + seen[:, 20, 0]) / 2
    assert middles.min() < -0.2
    assert middles.max() > 0.2
    steps = np.diff(seen[:, 20], axis=1)
    assert steps[:, 1:-1].min() > 0  # no edge is repeated, so nothing outside was seen
    assert np.abs(seen - seen[:, :1]).max() < 1e-5  # nothing turned


def test_a_cutout_is_one_grey_square_of_its_side_or_what_of_it_is_in_the_image() -> None:
    white = np.ones((64, 20, 20, 3), np.float32)

    grey = changed(Augmentation(cutout=0.3), images=white) == 0

    assert (grey == grey[..., :1]).all()  # in all channels
    tall, wide = grey[..., 0].any(axis=2).sum(axis=1), grey[..., 0].any(axis=1).sum(axis=1)
    assert (grey[..., 0].sum(axis=(1, 2)) == tall * wide).all()
    assert tall.max() == wide.max() == 6
    assert tall.min() >= 2
    assert len({image.tobytes() for image in grey}) > 32


def test_mixing_takes_equal_shares_of_image_and_label_in_pairs() -> None:
    from coralexp.tf_runtime import tf
    from coralexp.training.augmentation import mix

    labels = np.eye(16, dtype=np.float32)
    seed = tf.constant((1, 0), tf.int64)

    images, mixed = (part.numpy() for part in mix(tf.constant(IMAGES), labels, 0.4, seed))

    for row in range(16):
        share = mixed[row, row]
        assert 0 <= share <= 1
        assert mixed[row, row - 1] == pytest.approx(1 - share)
        expected = share * IMAGES[row] + (1 - share) * IMAGES[row - 1]
        np.testing.assert_allclose(images[row], expected, atol=1e-6)
    assert len(set(mixed.diagonal().tolist())) > 8
    assert mix(IMAGES, labels, 0.0, seed) == (IMAGES, labels)
