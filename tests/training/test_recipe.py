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


@pytest.mark.parametrize(
    ("option", "value"),
    [
        ("fine_tune_epochs", 0),
        ("fine_tune_rate", 0.0),
        ("momentum", 1.0),
        ("epsilon", 0.0),
        ("weight_decay", -0.1),
        ("decay_rate", 1.5),
        ("decay_epochs", 0.0),
        ("warmup_epochs", -1.0),
        ("average", 1.0),
        ("crop", 0.0),
        ("cutout", 1.0),
        ("mixup", -0.2),
        ("mixup", float("nan")),
    ],
)
def test_the_options_of_longer_trainings_have_ranges_too(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"^{option}: .*got {value}$"):
        recipe.plan(**{option: value})


@pytest.mark.parametrize(
    ("options", "option"),
    [
        ({"unfreeze_from": "block5_conv1"}, "unfreeze_from"),
        ({"fine_tune_epochs": 3}, "fine_tune_epochs"),
        ({"freeze_until": "block1_pool", "freeze_backbone": True}, "freeze_until"),
        ({"momentum": 0.0}, "momentum"),
        ({"epsilon": 1e-8, "optimizer": "sgd"}, "epsilon"),
        ({"decay_epochs": 2.0}, "decay_epochs"),
        ({"staircase": True, "schedule": "constant"}, "staircase"),
        ({"warmup_epochs": 3.0, "epochs": 3}, "warmup_epochs"),
    ],
)
def test_an_option_that_would_do_nothing_is_refused(options: dict, option: str) -> None:
    with pytest.raises(OptionError, match=f"^{option}: "):
        recipe.plan(**options)


def test_the_second_phase_is_as_long_as_the_first_unless_it_is_told() -> None:
    phases = {"freeze_backbone": True, "unfreeze_from": "all"}

    assert recipe.plan(epochs=7, **phases).fine_tune_epochs == 7
    assert recipe.plan(epochs=7, fine_tune_epochs=2, **phases).fine_tune_epochs == 2
