"""What is impossible about an experiment, found without TensorFlow before the first job starts."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from coralexp.datasets.contract import Dataset
from coralexp.errors import CoralexpError, OptionError, Problem
from coralexp.heads.contract import solver_of
from coralexp.quant.contract import QuantizationMode
from coralexp.spec import dry_run
from coralexp.spec.part import resolve
from coralexp.training.contract import Augmentation, Recipe

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.spec.experiment import Experiment, Part


def problems(experiment: Experiment, plugins: Sequence[str] = ()) -> list[Problem]:
    """Return what is impossible: options out of range, parts that do not fit together.

    Args:
        experiment: One job. A part that is missing from it is passed over, and so is what depends
            on that part.
        plugins: Packages outside coralexp whose functions it may name.

    Returns:
        Problems with their keys, in the order of the groups; empty if the job can start.
    """
    found: list[Problem] = []
    dataset = _ask(experiment, "dataset", (), plugins, found)
    if isinstance(dataset, Dataset):
        shape = _network_input(experiment, dataset, plugins)
        _ask(experiment, "backbone", (shape,), plugins, found)
        _ask(experiment, "head", (None, len(dataset.classes)), plugins, found)
    elif dataset is not None:
        found.append(_wrong_answer(experiment["dataset"], Dataset, dataset))
    mode = _ask(experiment, "quant", (), plugins, found)
    if mode is not None and not isinstance(mode, QuantizationMode | dry_run.Accepted):
        found.append(_wrong_answer(experiment["quant"], QuantizationMode, mode))
    _ask(experiment, "device", (), plugins, found)
    recipe = _ask(experiment, "training", (), plugins, found)
    if isinstance(recipe, Recipe):
        if isinstance(dataset, Dataset):
            found += _unfit_window(dataset, recipe)
        found += _unfit_head(experiment, recipe, plugins)
    if isinstance(mode, QuantizationMode) and mode.fine_tuning is not None:
        found += _unfit_backbone(experiment, plugins)
    return found


def _network_input(
    experiment: Experiment, dataset: Dataset, plugins: Sequence[str]
) -> tuple[int, int, int]:
    """Return the shape of what the backbone gets; what the training refuses is told elsewhere."""
    recipe = _ask(experiment, "training", (), plugins, [])
    if not isinstance(recipe, Recipe) or any(_unfit_window(dataset, recipe)):
        return dataset.image_shape
    return recipe.preprocessing.shape_of(dataset.image_shape)


def _unfit_window(dataset: Dataset, recipe: Recipe) -> Iterator[Problem]:
    """Yield why no window of that size can be cut out."""
    window_px, sides = recipe.augmentation.window_px, dataset.image_shape[:2]
    if window_px > min(sides):
        text = f"does not fit into images of {sides[0]} x {sides[1]} px; got {window_px}"
        yield Problem("training.window_px", text)


def _unfit_head(
    experiment: Experiment, recipe: Recipe, plugins: Sequence[str]
) -> Iterator[Problem]:
    """Yield why a head that is computed cannot be, in a training that moves what it rests on."""
    head = experiment.parts.get("head")
    if head is None or solver_of(resolve(head.target, "head", plugins)) is None:
        return
    name = f"head={head.choice} is computed from the features of a frozen backbone"
    if not recipe.freeze_backbone:
        yield Problem("training.freeze_backbone", f"{name}: write training.freeze_backbone=true")
    plain = Augmentation()
    for option in vars(plain):
        value, none = getattr(recipe.augmentation, option), getattr(plain, option)
        if value != none:
            told = "false" if none is False else "0"
            yield Problem(
                f"training.{option}",
                f"{name}, of images as they are: write training.{option}={told}",
            )


def _unfit_backbone(experiment: Experiment, plugins: Sequence[str]) -> Iterator[Problem]:
    """Yield why a backbone cannot be trained with fake quantization, before it is trained."""
    part = experiment.parts.get("backbone")
    if part is None:
        return
    module = sys.modules[resolve(part.target, "backbone", plugins).__module__]
    unfit = getattr(module, "unfit_for_fine_tuning", None)
    why = None if unfit is None else unfit(part.options)
    if why is not None:
        yield Problem(
            "quant",
            f"{part.choice} cannot be trained with fake quantization ({why}); take quant=ptq",
        )


def _ask(
    experiment: Experiment,
    group: str,
    inputs: tuple[object, ...],
    plugins: Sequence[str],
    found: list[Problem],
) -> object | None:
    """Return what the part of a group answers, or None after noting what it refuses."""
    part = experiment.parts.get(group)
    if part is None:
        return None
    function = resolve(part.target, group, plugins)
    answer: object = dry_run.ask(function, inputs, part.options)
    if isinstance(answer, Exception):
        found.append(_refusal(part, answer))
        return None
    return answer


def _refusal(part: Part, error: Exception) -> Problem:
    if isinstance(error, OptionError):
        return Problem(f"{part.group}.{error.option}", error.text)
    if isinstance(error, CoralexpError | ValueError):
        return Problem(part.group, str(error))
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = "" if trace is None else f" at {trace.tb_frame.f_code.co_filename}:{trace.tb_lineno}"
    text = f"{part.target} raised {type(error).__name__}: {error}{place}; the part has a bug"
    return Problem(part.group, text)


def _wrong_answer(part: Part, expected: type, answer: object) -> Problem:
    got = type(answer).__name__
    return Problem(part.group, f"{part.target} has to return a {expected.__name__}, not a {got}")
