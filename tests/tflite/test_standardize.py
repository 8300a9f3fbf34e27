"""Each image gets mean 0 and standard deviation 1, as 256 levels of three deviations either way."""

from __future__ import annotations

import numpy as np
import pytest

from coralexp.tflite.standardize import DEVIATIONS, standardized

LEVEL = 2 * DEVIATIONS / 255


def pictures() -> np.ndarray:
    """Return noise in ranges of its own, one of them with a few bright values that are clipped."""
    generator = np.random.default_rng(3)
    images = [
        generator.integers(low, high, (12, 9, 3), np.uint8)
        for low, high in ((0, 256), (100, 104), (200, 256), (7, 9))
    ]
    images[2][:6] = 0
    images[1][0, 0] = 255
    return np.stack(images)


def scores(levels: np.ndarray) -> np.ndarray:
    """Return what levels stand for."""
    return (levels / 127.5 - 1) * DEVIATIONS


def test_levels_stand_for_deviations_from_the_mean_of_the_image() -> None:
    images = pictures()
    flat = images.reshape(len(images), -1).astype(float)
    expected = (flat - flat.mean(1, keepdims=True)) / flat.std(1, keepdims=True)

    made = scores(standardized(images)).reshape(expected.shape)

    assert np.abs(expected).max() > 10 > DEVIATIONS
    limited = np.clip(expected, -DEVIATIONS, DEVIATIONS)
    np.testing.assert_allclose(made, limited, atol=LEVEL / 2 + 1e-9)


@pytest.mark.tf
def test_it_is_what_tensorflow_does_up_to_rounding_and_clipping() -> None:
    from coralexp.tf_runtime import tf

    images = np.concatenate([pictures(), np.full((1, 12, 9, 3), 77, np.uint8)])
    images[3] = 40
    images[3, 0, 0, 0] = 41  # a deviation below 1 / sqrt(N), which takes its place
    expected = tf.image.per_image_standardization(tf.cast(images, tf.float32)).numpy()

    limited = np.clip(expected, -DEVIATIONS, DEVIATIONS)
    np.testing.assert_allclose(scores(standardized(images)), limited, atol=LEVEL / 2 + 1e-5)


def test_an_image_of_one_colour_becomes_the_middle() -> None:
    for colour in (0, 128, 255):
        assert set(standardized(np.full((2, 4, 4, 1), colour, np.uint8)).ravel()) == {128}


def test_brightness_and_contrast_do_not_matter() -> None:
    image = np.random.default_rng(0).integers(20, 60, (1, 16, 16, 3), np.uint8)

    assert np.array_equal(standardized(image), standardized(image * 4 + 10))


def test_images_do_not_know_one_another() -> None:
    images = pictures()

    alone = [standardized(image[None])[0] for image in images]

    assert np.array_equal(standardized(images), np.stack(alone))
    assert standardized(images[:0]).shape == (0, 12, 9, 3)
