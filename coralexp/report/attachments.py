"""The files that are kept with a run: what its stages made, and pictures drawn from it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

import yaml

from coralexp.artifacts.predictions import read_predictions
from coralexp.artifacts.runs import Runs
from coralexp.artifacts.tflite_model import MODEL
from coralexp.edgetpu.inspection import Inspection, digest
from coralexp.edgetpu.latency.record import read_latency
from coralexp.edgetpu.placement_record import read_placed
from coralexp.errors import CoralexpError
from coralexp.report.confusion import confusion_matrix, draw_confusion, write_confusion
from coralexp.report.curves import draw_curves
from coralexp.report.inspection.operator_table import write_operator_table
from coralexp.report.inspection.page import page
from coralexp.report.layer_errors import draw_layer_errors
from coralexp.report.mistakes import draw_mistakes
from coralexp.report.pareto import draw_pareto
from coralexp.report.per_class import per_class, write_csv, write_markdown
from coralexp.report.recall_lost import write_recall_lost
from coralexp.report.samples import draw as draw_samples
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from coralexp.artifacts.record import RunRecord

_AS_THEY_ARE = (
    ("train", "layers.md"),
    ("train", "tensorboard/*.tfevents"),
    ("convert", "*.tflite"),
    ("convert", "contract.json"),
    ("convert", "labels.txt"),
    ("fidelity", "layer_errors.csv"),
    ("compile", "*.tflite"),
    ("compile", "*.log"),
    ("compile", "compile.json"),
    ("measure", "board.json"),
    ("measure", "device_*"),
)


def attachments(
    record: RunRecord, store: Path, folder: Path, note: Callable[[str], None]
) -> list[Path]:
    """Return the files to keep with a run, each under a name of its own.

    Of a sweep it is the picture of its runs, if two of them can be compared.

    Args:
        record: A run or a sweep that ended, in whatever state: stages that it did not reach are
            left out, and so is what was deleted from the store since.
        store: Folder of the stages' artifacts.
        folder: Receives the files that are made here; given again for another run of the same
            stages, it saves drawing their pictures again.
        note: Hears of what could not be made.
    """
    sources = _Sources(record, store, folder)
    if record.kind == "sweep":
        return sources.pareto()
    files = [*sources.texts(), *sources.copies()]
    for stages, make in (
        (("dataset",), sources.samples),
        (("train", "qat"), sources.curves),
        (("dataset", "evaluate"), sources.judgements),
        (("reference", "fidelity"), sources.fidelity),
        (("dataset", "evaluate"), sources.mistakes),
        (("compile", "measure"), sources.placement),
    ):
        try:
            files += make()
        except (CoralexpError, OSError, ValueError, KeyError, TypeError) as error:
            note(f"run {record.id}: no picture of {' and '.join(stages)} ({error})")
    return files


@dataclass(frozen=True)
class _Sources:
    record: RunRecord
    store: Path
    folder: Path

    def texts(self) -> list[Path]:
        """Write what the record itself holds."""
        folder = self._place("run", self.record.id)
        if not self.record.config:
            return []
        # JSON there and back: no part is the same object as another, so YAML needs no aliases.
        config = json.loads(json.dumps(self.record.config))
        text = yaml.safe_dump(config, sort_keys=False, allow_unicode=True, width=100)
        (folder / "config.yaml").write_text(text, encoding="utf-8")
        environment = json.dumps(self.record.environment, indent=1, sort_keys=True)
        (folder / "environment.json").write_text(environment, encoding="utf-8")
        return [folder / "config.yaml", folder / "environment.json"]

    def copies(self) -> Iterator[Path]:
        """Yield files of the stages that are kept as they are."""
        for stage, pattern in _AS_THEY_ARE:
            entry = self._entry(stage)
            if entry is not None:
                yield from sorted(entry.glob(pattern))

    def samples(self) -> list[Path]:
        """Draw some training images."""
        entry = self._entry("dataset")
        if entry is None:
            return []
        to = self._place("dataset", entry.name) / "samples.png"
        if not to.exists():
            draw_samples(entry, to)
        return [to]

    def curves(self) -> list[Path]:
        """Draw how the trainings went."""
        entries = [entry for stage in ("train", "compress", "qat") if (entry := self._entry(stage))]
        if not entries:
            return []
        to = self._place("curves", "-".join(entry.name for entry in entries)) / "curves.png"
        if not to.exists():
            histories = [json.loads((e / "history.json").read_text("utf-8")) for e in entries]
            draw_curves(histories[0], [epoch for later in histories[1:] for epoch in later], to)
        return [to]

    def judgements(self) -> list[Path]:
        """Draw and count what the deployed model got right."""
        dataset, evaluated = self._entry("dataset"), self._entry("evaluate")
        if dataset is None or evaluated is None:
            return []
        folder = self._place("evaluate", evaluated.name)
        names = ("confusion_matrix.png", "confusion_matrix.csv", "per_class.csv", "per_class.md")
        files = [folder / name for name in names]
        if not all(file.exists() for file in files):
            classes = json.loads((dataset / "dataset.json").read_text("utf-8"))["classes"]
            matrix = _matrix(evaluated)
            rows = per_class(matrix, classes)
            draw_confusion(matrix, classes, files[0])
            write_confusion(matrix, classes, files[1])
            write_csv(rows, files[2])
            write_markdown(rows, files[3])
        return files

    def fidelity(self) -> list[Path]:
        """Draw and count what quantization cost."""
        compared, reference = self._entry("fidelity"), self._entry("reference")
        dataset, evaluated = self._entry("dataset"), self._entry("evaluate")
        if compared is None or reference is None or dataset is None or evaluated is None:
            return []
        folder = self._place("fidelity", compared.name)
        files = [folder / "recall_lost.csv"]
        if not files[0].exists():
            classes = json.loads((dataset / "dataset.json").read_text("utf-8"))["classes"]
            write_recall_lost(_matrix(reference), _matrix(evaluated), classes, files[0])
        table = compared / "layer_errors.csv"
        if table.exists():
            files.append(folder / "layer_errors.png")
            if not files[1].exists():
                draw_layer_errors(table, files[1])
        return files

    def mistakes(self) -> list[Path]:
        """Draw the images of which the deployed model was surest and wrong."""
        dataset, evaluated = self._entry("dataset"), self._entry("evaluate")
        if dataset is None or evaluated is None:
            return []
        folder = self._place("evaluate", evaluated.name)
        to = folder / "worst_mistakes.png"
        if not (folder / "confusion_matrix.png").exists():
            return []  # `judgements` has told why
        if not to.exists():
            told = read_predictions(evaluated)
            if not draw_mistakes(dataset, told.labels, told.probabilities, to):
                return []
        return [to]

    def pareto(self) -> list[Path]:
        """Draw what the runs of a sweep reached, at what cost."""
        runs = [run for run in Runs(self.store / "runs") if run.sweep == self.record.id]
        to = self._place("sweep", self.record.id) / "pareto.png"
        drawn = draw_pareto(runs, to)
        return [to] if drawn else []

    def placement(self) -> list[Path]:
        """Write where each operator runs, and draw what the time of an inference is made of."""
        converted, placed = self._entry("convert"), self._entry("compile")
        measured = self._entry("measure")
        if converted is None or placed is None or measured is None:
            return []
        folder = self._place("measure", measured.name)
        files = [folder / name for name in ("operators.md", "operators.csv", "timeline.html")]
        if not all(file.exists() for file in files):
            known = read_placed(placed)
            model = converted / MODEL
            inspection = Inspection(
                read_model_file(model),
                digest(model),
                known.placement,
                None,
                known.on_chip_bytes,
                known.off_chip_bytes,
                {self.record.choices["device"]: read_latency(measured)},
            )
            write_operator_table(inspection, files[0], files[1])
            files[2].write_text(page(inspection), encoding="utf-8")
        return files

    def _entry(self, stage: str) -> Path | None:
        """Return the entry of a stage that the run reached and that is still there."""
        if stage not in self.record.stages:
            return None
        entry = self.store / stage / self.record.stages[stage].key
        return entry if entry.is_dir() else None

    def _place(self, kind: str, key: str) -> Path:
        folder = self.folder / f"{kind}-{key}"
        folder.mkdir(parents=True, exist_ok=True)
        return folder


def _matrix(entry: Path) -> npt.NDArray[np.int64]:
    """Return the confusion matrix of the answers in an entry."""
    told = read_predictions(entry)
    return confusion_matrix(told.labels, told.probabilities)
