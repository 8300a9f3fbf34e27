"""What every choice of the group keeps to; a new YAML is found by itself."""

from __future__ import annotations

import importlib
import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import official_files
import pytest
import yaml

from coralexp.datasets.contract import SPLITS, Dataset
from coralexp.datasets.splits import Shares
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable

CHOICES = sorted((Path(__file__).parents[2] / "conf" / "dataset").glob("*.yaml"))
# The others need that library's data; test_tfds.py makes some.
TESTED_HERE = [path for path in CHOICES if path.stem not in {"tfds", "cats_vs_dogs"}]
OFFICIAL = {
    "cifar10": official_files.cifar10_binary(),
    "cifar100": official_files.cifar100(binary=True),
    "mnist": official_files.mnist_files(zipped=False),
    "fashion_mnist": official_files.mnist_files(zipped=False),
}


def part(choice: Path) -> tuple[Callable[..., Dataset], dict[str, object]]:
    """Return the function and the options that a YAML names."""
    options = yaml.safe_load(choice.read_text(encoding="utf-8"))
    module, _, function = options.pop("_target_").rpartition(".")
    return getattr(importlib.import_module(module), function), options


def data_for(choice: str, folder: Path, paint: Callable[..., None]) -> str:
    """Return a path for the choices that want one."""
    if choice == "npz":
        pixels = np.random.default_rng(0).integers(0, 256, (30, 8, 8), dtype=np.uint8)
        np.savez(folder / "data.npz", x=pixels, y=np.arange(30) % 2)
        return str(folder / "data.npz")
    if choice in OFFICIAL:
        return str(official_files.unpacked(folder, OFFICIAL[choice]))
    paint(folder / "a", 5)
    paint(folder / "b", 5)
    return str(folder)


@pytest.mark.parametrize("choice", CHOICES, ids=lambda path: path.stem)
def test_a_choice_is_one_line_of_words_and_options_of_its_function(choice: Path) -> None:
    function, options = part(choice)
    parameters = inspect.signature(function).parameters

    assert choice.read_text(encoding="utf-8").startswith("# ")
    assert set(options) <= set(parameters)
    assert {parameter.kind for parameter in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    assert parameters["limit"].default is None
    assert isinstance(inspect.getmodule(function).VERSION, int)
    for parameter in parameters.values():  # readable without what is imported for types alone
        eval(parameter.annotation, {"Literal": Literal, "Shares": Shares})  # noqa: S307


@pytest.mark.parametrize("choice", TESTED_HERE, ids=lambda path: path.stem)
def test_a_choice_gives_examples_of_every_class_to_train_and_to_test(
    choice: Path, tmp_path: Path, paint: Callable[..., None]
) -> None:
    function, options = part(choice)
    if "path" in options:
        options["path"] = data_for(choice.stem, tmp_path, paint)

    dataset = function(**options)
    examples = dataset.open(5)

    assert function(**options).content() == dataset.content()
    assert len(examples.splits) == len(examples.labels)
    assert set(examples.splits) == set(SPLITS)
    for split in ("train", "test"):
        present = {
            label
            for label, own in zip(examples.labels, examples.splits, strict=True)
            if own == split
        }
        assert present == set(range(len(dataset.classes)))
    for i in (0, len(examples.labels) - 1):
        first, again = examples.image(i), function(**options).open(5).image(i)
        assert first.shape == dataset.image_shape
        assert first.dtype == np.uint8
        assert np.array_equal(first, again)
        assert examples.name(i)
    assert function(**options, limit=300).limit == 300


def nothing(seed: int) -> None:
    """Open nothing."""


def test_one_class_and_two_of_one_name_are_no_dataset() -> None:
    with pytest.raises(DatasetError, match=r"at least 2; found 1 \(a\)"):
        Dataset((1, 1, 1), ("a",), str, nothing)
    with pytest.raises(DatasetError, match="two of: a"):
        Dataset((1, 1, 1), ("a", "a"), str, nothing)


def test_a_limit_must_leave_every_class_an_image_to_train_and_to_test() -> None:
    with pytest.raises(OptionError, match="at least 5 images"):
        Dataset((1, 1, 1), ("a", "b"), str, nothing, limit=4)
    assert Dataset((1, 1, 1), ("a", "b"), str, nothing, limit=5).limit == 5
