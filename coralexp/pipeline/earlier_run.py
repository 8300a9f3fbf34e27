"""`backbone.weights=run:RUN_ID`: the trained backbone of an earlier run as the start of another.

A configuration keeps the run's id, which says where the weights come from and can be found again. A
backbone knows no store: it gets the path of the file, and the keys get the digest of what is in it.
"""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from typing import TYPE_CHECKING

from coralexp.backbones.weights.source import RUN
from coralexp.errors import ConfigError, Problem, UnknownRunError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.artifacts.record import RunRecord
    from coralexp.artifacts.store import Store
    from coralexp.spec.experiment import Experiment, Part, Request

_KEY = "backbone.weights"
_FILE = "model.h5"  # of the stage `train`: the float model, before any fine-tuning
_FREE = frozenset({"weights", "cut_at"})  # what the two backbones need not have in common


def with_earlier_runs(request: Request, store: Store) -> Request:
    """Return the request with each earlier run found: its id in full, and its file beside it.

    Raises:
        ConfigError: If the store lacks a run or its weights, or the backbone is another.
    """
    files: dict[str, Path] = {}
    experiments = []
    problems: list[Problem] = []
    for experiment in request.experiments:
        try:
            experiments.append(_resolved(experiment, store, files))
        except ConfigError as error:
            problems += error.problems
    if problems:
        raise ConfigError(list(dict.fromkeys(problems)))
    return replace(request, experiments=tuple(experiments), weights=files) if files else request


def with_file(experiment: Experiment, files: Mapping[str, Path]) -> Experiment:
    """Return the experiment as a stage gets it: the path in the place of the run's id."""
    name = _run_of(experiment["backbone"])
    if name is None or name not in files:
        return experiment
    return _with_weights(experiment, str(files[name].resolve()))


def _run_of(part: Part) -> str | None:
    weights = part.options.get("weights")
    if isinstance(weights, str) and weights.startswith(RUN):
        return weights.removeprefix(RUN).strip()
    return None


def _with_weights(experiment: Experiment, weights: str) -> Experiment:
    backbone = experiment["backbone"]
    changed = dataclasses.replace(backbone, options={**backbone.options, "weights": weights})
    return replace(experiment, parts={**experiment.parts, "backbone": changed})


def _resolved(experiment: Experiment, store: Store, files: dict[str, Path]) -> Experiment:
    name = _run_of(experiment["backbone"])
    if name is None:
        return experiment
    try:
        record = store.runs.find(name)
    except UnknownRunError as error:
        raise _refusal(str(error)) from error
    trained = record.stages.get("train")
    if record.kind != "run" or trained is None:
        what = "is a sweep, name one of its runs" if record.kind == "sweep" else "has not trained"
        raise _refusal(f"run {record.id} {what}")
    _require_same(experiment["backbone"], record)
    file = store.path("train", trained.key) / _FILE
    if not file.is_file():
        text = f"the weights of run {record.id} are not in {store.root} any more"
        raise _refusal(f"{text}; `coralexp reproduce {record.id}` makes them again")
    files[record.id] = file
    return _with_weights(experiment, f"{RUN}{record.id}")


def _require_same(part: Part, record: RunRecord) -> None:
    """Refuse a run of another network: the weights would not fit, or fit and mean nothing."""
    theirs = record.config.get("backbone")
    if not isinstance(theirs, dict) or theirs.get("target") != part.target:
        other = theirs.get("choice") if isinstance(theirs, dict) else "unknown"
        raise _refusal(
            f"run {record.id} has the backbone {other}: write backbone={other}, or name another run"
        )
    options = theirs.get("options")
    if not isinstance(options, dict):
        return
    for name, value in part.options.items():
        ours = list(value) if isinstance(value, tuple) else value
        if name in options and name not in _FREE and options[name] != ours:
            text = f"run {record.id} has backbone.{name}={options[name]}, here it is {ours}"
            raise _refusal(f"{text}: they must be the same")
    earlier = options.get("cut_at")
    if earlier is not None and earlier != part.options.get("cut_at"):
        raise _refusal(f"run {record.id} was cut: write backbone.cut_at={earlier}")


def _refusal(text: str) -> ConfigError:
    return ConfigError([Problem(_KEY, text)])
