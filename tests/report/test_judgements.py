"""Confusion matrix and figures of each class, against scikit-learn and on paper."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import numpy as np
import pytest
from PIL import Image

from coralexp.report.confusion import confusion_matrix, draw_confusion, write_confusion
from coralexp.report.curves import draw_curves
from coralexp.report.per_class import MEAN, per_class, write_csv, write_markdown

if TYPE_CHECKING:
    from pathlib import Path

LABELS = np.array([0, 0, 0, 1, 1, 2], dtype=np.int64)
ANSWERS = np.array([0, 0, 1, 1, 1, 0])
PROBABILITIES = np.eye(4, dtype=np.float32)[ANSWERS]
CLASSES = ["A1", "$x_1|y$", "鳥", "never seen"]


def test_rows_are_true_classes_and_columns_answers() -> None:
    matrix = confusion_matrix(LABELS, PROBABILITIES)

    assert matrix.tolist() == [[2, 1, 0, 0], [0, 2, 0, 0], [1, 0, 0, 0], [0, 0, 0, 0]]


@pytest.mark.slow
def test_figures_of_classes_are_those_of_scikit_learn() -> None:
    from sklearn.metrics import precision_recall_fscore_support

    labels = np.random.default_rng(0).integers(0, 7, 500)
    rows = np.random.default_rng(1).random((500, 7), dtype=np.float32)
    expected = precision_recall_fscore_support(labels, rows.argmax(axis=1), zero_division=0)

    found = per_class(confusion_matrix(labels, rows), [str(n) for n in range(7)])[:-1]

    columns = [[row.precision, row.recall, row.f1, row.images] for row in found]
    np.testing.assert_allclose(np.transpose(columns), np.array(expected), rtol=1e-12)


def test_a_class_that_never_occurs_counts_as_zero_and_breaks_nothing() -> None:
    *_, never, mean = per_class(confusion_matrix(LABELS, PROBABILITIES), CLASSES)

    assert (never.precision, never.recall, never.f1, never.images) == (0.0, 0.0, 0.0, 0)
    assert (mean.name, mean.images) == (MEAN, 6)
    assert mean.recall == pytest.approx((2 / 3 + 1) / 4)


def test_files_hold_the_names_as_they_are(tmp_path: Path) -> None:
    matrix = confusion_matrix(LABELS, PROBABILITIES)
    write_confusion(matrix, CLASSES, tmp_path / "matrix.csv")
    write_csv(per_class(matrix, CLASSES), tmp_path / "classes.csv")
    write_markdown(per_class(matrix, CLASSES), tmp_path / "classes.md")

    with (tmp_path / "matrix.csv").open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file)) == ["true class", *CLASSES]
    with (tmp_path / "classes.csv").open(encoding="utf-8", newline="") as file:
        assert [row["class"] for row in csv.DictReader(file)] == [*CLASSES, MEAN]
    assert "$x_1\\|y$" in (tmp_path / "classes.md").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.parametrize("count", [2, 60, 200])
def test_pictures_of_any_number_of_classes_are_of_bearable_size(tmp_path: Path, count: int) -> None:
    labels = np.arange(count, dtype=np.int64)
    names = [f"class {n} 鳥 $" for n in range(count)]

    matrix = confusion_matrix(labels, np.eye(count, dtype=np.float32))
    draw_confusion(matrix, names, tmp_path / "matrix.png")

    with Image.open(tmp_path / "matrix.png") as picture:
        assert 400 < min(picture.size) <= max(picture.size) < 2400


@pytest.mark.slow
def test_curves_are_drawn_of_whatever_there_is(tmp_path: Path) -> None:
    epochs = [{"loss": 1.0, "accuracy": 0.5}, {"loss": float("nan"), "accuracy": 0.7}]
    tuned = [{"loss": 0.4, "accuracy": 0.8, "validation_loss": 0.5, "validation_accuracy": 0.7}]

    for name, histories in {"a": (epochs, tuned), "b": (epochs, []), "c": ([], [])}.items():
        draw_curves(*histories, tmp_path / f"{name}.png")

        assert (tmp_path / f"{name}.png").read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow
def test_the_same_figures_give_the_same_bytes(tmp_path: Path) -> None:
    epochs = [{"loss": 1.0, "accuracy": 0.5}]
    for name in "ab":
        draw_curves(epochs, [], tmp_path / name)

    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
