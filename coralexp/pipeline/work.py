"""What each stage calls, in a process of its own: parts by name, entries by their folders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.heads.contract import pools
from coralexp.spec.part import bind

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from coralexp.artifacts.progress import Progress
    from coralexp.artifacts.record import Json
    from coralexp.boards.presence import Found
    from coralexp.devices.contract import Device
    from coralexp.quant.contract import FineTuning, QuantizationMode
    from coralexp.spec.experiment import Experiment
    from coralexp.stages.on_device import Bench
    from coralexp.training.contract import Recipe


@dataclass(frozen=True)
class Order:
    """One piece of work.

    Attributes:
        experiment: The job.
        entries: Stage names to the folders of what was made before.
        folder: Empty; receives the artifact.
        threads: Processor threads.
        plugins: Packages that parts may come from.
        compiler: The Edge TPU compiler, as `machine.compiler` says.
        board: The device that measures and how it is reached; see `StageOrder`.
        progress: Hears how far it is.
        checkpoint: File from which the stage goes on if it was killed; None keeps none.
    """

    experiment: Experiment
    entries: Mapping[str, Path]
    folder: Path
    threads: int
    plugins: tuple[str, ...]
    compiler: str | None
    board: Mapping[str, Json]
    progress: Progress
    checkpoint: Path | None = None

    def part(self, group: str) -> Callable[..., object]:
        """Return the function of a group's choice, its options filled in."""
        return bind(self.experiment[group], self.plugins)

    @property
    def trained(self) -> Path:
        """The entry of the last training so far."""
        return next(self.entries[s] for s in ("qat", "compress", "train") if s in self.entries)


def carry_out(stage: str, order: Order) -> None:
    """Do the work of a stage.

    Raises:
        CoralexpError: If it cannot be done; the text says why.
    """
    _STAGES[stage](order)


def _dataset(order: Order) -> None:
    from coralexp.stages.dataset import write_dataset

    dataset = order.part("dataset")()
    write_dataset(dataset, order.experiment.seed, order.folder, order.progress)  # type: ignore[arg-type]


def _features(order: Order) -> None:
    from coralexp.stages.features import write_features

    recipe: Recipe = order.part("training")()  # type: ignore[assignment]
    write_features(
        order.entries["dataset"],
        order.part("backbone"),
        order.folder,
        seed=order.experiment.seed,
        threads=order.threads,
        progress=order.progress,
        pooled=pools(order.part("head")),
        steps=recipe.preprocessing,
    )


def _train(order: Order) -> None:
    from coralexp.stages.train import train_model

    train_model(
        order.entries["dataset"],
        order.part("backbone"),
        order.part("head"),
        order.part("training")(),  # type: ignore[arg-type]
        order.folder,
        seed=order.experiment.seed,
        threads=order.threads,
        progress=order.progress,
        checkpoint=order.checkpoint,
        features=order.entries.get("features"),
    )


def _compress(order: Order) -> None:
    from coralexp.stages.compress import compress

    mode: QuantizationMode = order.part("quant")()  # type: ignore[assignment]
    _fine_tune(order, compress, mode.compression)


def _qat(order: Order) -> None:
    from coralexp.stages.qat import train_quantized

    mode: QuantizationMode = order.part("quant")()  # type: ignore[assignment]
    _fine_tune(order, train_quantized, mode.fine_tuning)


def _fine_tune(order: Order, work: Callable[..., None], tuning: FineTuning | None) -> None:
    if tuning is None:
        raise ValueError(f"{order.experiment['quant'].choice} does not fine-tune so")
    work(
        order.entries["dataset"],
        order.trained,
        order.part("backbone"),
        order.part("head"),
        tuning,
        order.part("training")(),
        order.folder,
        seed=order.experiment.seed,
        threads=order.threads,
        progress=order.progress,
        checkpoint=order.checkpoint,
    )


def _convert(order: Order) -> None:
    from coralexp.stages.convert import convert_model

    mode: QuantizationMode = order.part("quant")()  # type: ignore[assignment]
    convert_model(
        order.entries["dataset"], order.trained, mode, order.folder, seed=order.experiment.seed
    )


def _evaluate(order: Order) -> None:
    from coralexp.stages.evaluate import evaluate_model

    evaluate_model(
        order.entries["dataset"],
        order.entries["convert"],
        order.folder,
        threads=order.threads,
        progress=order.progress,
    )


def _reference(order: Order) -> None:
    from coralexp.stages.reference import write_reference

    write_reference(
        order.entries["dataset"],
        order.entries["train"],
        order.folder,
        threads=order.threads,
        progress=order.progress,
    )


def _fidelity(order: Order) -> None:
    from coralexp.stages.fidelity import compare_with_float

    compare_with_float(
        order.entries["dataset"],
        order.entries["reference"],
        order.entries["convert"],
        order.entries["evaluate"],
        order.folder,
        fine_tuned=not {"qat", "compress"}.isdisjoint(order.entries),
    )


def _compile(order: Order) -> None:
    from coralexp.stages.compile import compile_stage

    device: Device = order.part("device")()  # type: ignore[assignment]
    if device.compilation is None:
        raise ValueError(f"{order.experiment['device'].choice} has no Edge TPU")
    compile_stage(order.entries["convert"], order.compiler, device.compilation, order.folder)


def _measure(order: Order) -> None:
    from coralexp.stages.measure import measure_model

    device: Device = order.part("device")()  # type: ignore[assignment]
    found = _found(order.board)
    measure_model(
        order.entries["convert"],
        order.entries.get("compile"),
        device,
        order.folder,
        threads=order.threads,
        bench=_bench(order, found) if found.there else None,
    )


def _found(board: Mapping[str, Json]) -> Found:
    from coralexp.boards.presence import Found

    fields = {name: _plain(board[name]) for name in Found.__match_args__ if name in board}
    return Found(**fields) if "there" in fields else Found(there=False)  # type: ignore[arg-type]


def _bench(order: Order, found: Found) -> Bench:
    from coralexp.spec.experiment import Machine
    from coralexp.stages.on_device import Bench

    reached = {n: _plain(order.board[n]) for n in ("delegate", "python", "host", "hosts")}
    parts = " ".join(order.experiment[group].choice for group in ("backbone", "quant"))
    return Bench(
        found,
        Machine(**reached),  # type: ignore[arg-type]
        order.entries["dataset"],
        order.entries["evaluate"],
        job=f"run {order.board['job']} ({parts})" if order.board.get("job") else f"run of {parts}",
        progress=order.progress,
    )


def _plain(value: Json) -> object:
    return tuple(value) if isinstance(value, list) else value


_STAGES: Mapping[str, Callable[[Order], None]] = {
    "dataset": _dataset,
    "features": _features,
    "train": _train,
    "compress": _compress,
    "qat": _qat,
    "convert": _convert,
    "reference": _reference,
    "evaluate": _evaluate,
    "fidelity": _fidelity,
    "compile": _compile,
    "measure": _measure,
}
STAGES: Sequence[str] = tuple(_STAGES)
