"""Heads that are computed from features: what they give is what their sources say."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from coralexp.errors import OptionError, TrainingError
from coralexp.heads import linear, logistic_regression, nearest_mean
from coralexp.heads.contract import solver_of

CLASSES = ("owl", "reed", "water")


def clusters(classes: int = 3, images: int = 20):
    """Return features around one direction a class, and their labels."""
    draw = np.random.default_rng(0)
    centres = draw.uniform(0, 2, (classes, 1, 1, 6))
    labels = np.arange(classes * images) % classes
    noise = draw.normal(0, 0.3, (len(labels), 2, 3, 6))
    return (centres[labels] + noise).astype(np.float32), labels.astype(np.int64)


def scores(features, weights):
    kernel, bias = weights
    return features.mean(axis=(1, 2)) @ kernel + bias


def softmax(x):
    odds = np.exp(x - x.max(axis=1, keepdims=True))
    return odds / odds.sum(axis=1, keepdims=True)


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 3])
def test_the_dense_layer_says_what_scikit_learn_says(count: int) -> None:
    from sklearn.linear_model import LogisticRegression

    features, labels = clusters(count)
    x = features.mean(axis=(1, 2)).astype(np.float64)
    x = (x - x.mean(axis=0)) / (x - x.mean(axis=0)).std()
    model = LogisticRegression(C=0.5, max_iter=1000).fit(x, labels)

    weights = logistic_regression.solve(
        features, labels, CLASSES[:count], inverse_regularization=0.5
    )

    assert [w.shape for w in weights] == [(6, count), (count,)]
    assert all(w.dtype == np.float32 for w in weights)
    np.testing.assert_allclose(
        softmax(scores(features, weights)), model.predict_proba(x), atol=1e-4
    )


@pytest.mark.slow
def test_no_weight_is_far_larger_than_the_others_where_a_feature_hardly_varies() -> None:
    features, labels = clusters()
    features[..., 2] *= 0.001

    kernel, _ = logistic_regression.solve(features, labels, CLASSES)

    assert np.abs(kernel[2]).max() < 0.1 * np.abs(kernel).max()


@pytest.mark.slow
def test_a_feature_that_is_always_the_same_does_no_harm() -> None:
    features, labels = clusters()
    features[..., 2] = 0

    weights = logistic_regression.solve(features, labels, CLASSES)

    assert all(np.isfinite(w).all() for w in weights)


def test_the_answer_is_the_class_of_the_largest_cosine() -> None:
    features, labels = clusters()
    x = features.mean(axis=(1, 2)).astype(np.float64)
    unit = x / np.linalg.norm(x, axis=1, keepdims=True)
    means = np.stack([unit[labels == k].mean(axis=0) for k in range(3)])
    cosines = unit @ (means / np.linalg.norm(means, axis=1, keepdims=True)).T

    weights = nearest_mean.solve(features, labels, CLASSES, scale=20.0)

    found = scores(features, weights)
    assert np.array_equal(found.argmax(axis=1), cosines.argmax(axis=1))
    lengths = np.linalg.norm(x, axis=1, keepdims=True)
    np.testing.assert_allclose(found, 20 * cosines * lengths / lengths.mean(), rtol=1e-4)


@pytest.mark.parametrize("head", [logistic_regression, nearest_mean])
def test_a_class_without_an_image_is_named(head) -> None:
    features, labels = clusters()

    with pytest.raises(TrainingError, match=r"no training image shows eel: .* dataset\.limit"):
        head.solve(features, labels, (*CLASSES, "eel"))


@pytest.mark.parametrize(
    ("head", "options"),
    [
        (logistic_regression, {"inverse_regularization": 0.0}),
        (logistic_regression, {"max_iterations": 0}),
        (nearest_mean, {"scale": float("nan")}),
    ],
)
def test_options_out_of_range_are_refused(head, options) -> None:
    with pytest.raises(OptionError, match=next(iter(options))):
        head.attach(None, 3, **options)


def test_a_head_is_asked_with_its_options_whether_it_is_computed() -> None:
    solve = solver_of(partial(nearest_mean.attach, scale=3.0))

    features, labels = clusters()
    assert solve is not None
    expected = nearest_mean.solve(features, labels, CLASSES, scale=3.0)
    assert np.array_equal(solve(features, labels, CLASSES)[0], expected[0])
    assert solver_of(linear.attach) is None
    assert solver_of(partial(linear.attach, dropout=0.1)) is None
