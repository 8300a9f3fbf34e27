"""What jobs need from elsewhere, and how each is brought."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coralexp.backbones.weights.source import IMAGENET
from coralexp.datasets.contract import Dataset
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coralexp.spec.experiment import Part, Request


def wanted(request: Request) -> Mapping[str, Callable[[], object]]:
    """Return what is needed, once each, in the order of the jobs.

    A backbone with published weights is built for the dataset's pictures: so exactly the file is
    fetched that a run will load, and it is known to fit.

    Returns:
        What it is, in words, to what brings it. Raises `CoralexpError` if it cannot be had.
    """
    plugins = request.machine.plugins
    needs: dict[str, Callable[[], object]] = {}
    for experiment in request.experiments:
        part = experiment["dataset"]
        dataset = bind(part, plugins)()
        if not isinstance(dataset, Dataset):  # `pipeline.check` told it
            continue
        if dataset.fetch is not None and part.options.get("path") is None:
            named = part.options.get("name")
            label = part.choice if named in {None, part.choice} else f"{part.choice} {named}"
            needs.setdefault(f"dataset {label}", dataset.fetch)
        backbone = experiment["backbone"]
        if backbone.options.get("weights") == IMAGENET:
            shape = dataset.image_shape
            sides = f"{shape[0]} x {shape[1]} px"
            needs.setdefault(
                f"weights of {backbone.choice} for {sides}{_told(backbone)}",
                partial(bind(backbone, plugins), shape),
            )
    return needs


def _told(part: Part) -> str:
    """Return the options that may decide which file it is."""
    shown = [f"{name}={value}" for name, value in part.options.items() if name != "weights"]
    return f" ({', '.join(shown)})" if shown else ""
