"""A recipe refuses what no training could follow, naming the option."""

from __future__ import annotations

from pathlib import Path

import pytest

from coralexp.errors import OptionError
from coralexp.spec.compose import parse
from coralexp.spec.part import bind
from coralexp.training import recipe
from coralexp.training.contract import Augmentation, Recipe

CHOICES = sorted(
    path.stem for path in (Path(__file__).resolve().parents[2] / "conf" / "training").glob("*.yaml")
)


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_a_recipe(choice: str) -> None:
    (experiment,) = parse([f"training={choice}"]).experiments

    assert isinstance(bind(experiment["training"])(), Recipe)


def test_options_arrive_where_they_belong() -> None:
    made = recipe.plan(
        epochs=3, flip=True, shift=0.1, rotation_deg=10.0, brightness=0.2, contrast=0.3
    )

    assert made.epochs == 3
    assert made.augmentation == Augmentation(True, 0.1, 10.0, 0.2, 0.3)


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("epochs", 0),
        ("batch_size", 0),
        ("learning_rate", 0.0),
        ("learning_rate", -0.1),
        ("label_smoothing", 1.0),
        ("shift", -0.1),
        ("brightness", 1.0),
        ("contrast", 2.0),
        ("rotation_deg", 181.0),
        ("rotation_deg", -1.0),
        ("early_stopping", 0),
        ("max_minutes", 0.0),
        ("learning_rate", float("nan")),
        ("max_minutes", float("nan")),
    ],
)
def test_an_option_out_of_its_range_is_refused_by_name(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"^{option}: .*got {value}$") as caught:
        recipe.plan(**{option: value})

    assert caught.value.option == option
