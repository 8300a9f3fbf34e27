"""`coralexp export`: the model of a run, in the format that somebody else needs."""

from __future__ import annotations

import argparse
import copy
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.artifacts.tflite_model import read_model
from coralexp.errors import ConfigError, Problem
from coralexp.pipeline.process import Workers
from coralexp.spec.compose import parse
from coralexp.stages.trained import MODEL

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import Json, RunRecord
    from coralexp.pipeline.messages import ExportOrder

FORMATS = ("tflite", "savedmodel", "h5", "keras")
_WRITTEN = {"keras": "written.keras", "h5": "written.h5", "savedmodel": "written"}


def main(args: Sequence[str]) -> int:
    """Copy a model out of the store.

    Args:
        args: The id of a run, `--format`, and where to put it.

    Returns:
        0.

    Raises:
        ConfigError: If something is there already.
        UnknownRunError: If there is no such run.
        StoreError: If its model is no longer in the store.
    """
    parser = argparse.ArgumentParser(
        prog="coralexp export",
        description=f"{__doc__} With quant=qat, the Keras formats hold the fine-tuned model.",
    )
    parser.add_argument("run", metavar="RUN_ID", help="id of a run, or enough of its start")
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="tflite",
        help="tflite: what is deployed (default); savedmodel, keras and h5: for "
        "TensorFlow, in floating point, with any batch",
    )
    parser.add_argument("out", type=Path, metavar="OUT", help="file, or folder for savedmodel")
    parser.add_argument(
        "settings",
        nargs="*",
        metavar="machine.plugins=[NAME]",
        help="packages of your own that the run took parts from",
    )
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    asked = parser.parse_args(args)
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    if asked.out.exists() and not asked.force:
        raise ConfigError([Problem("OUT", f"{asked.out} is there already; --force replaces it")])
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    plugins = () if asked.format == "tflite" else parse(asked.settings).machine.plugins
    _hand_out(store, record, asked.format, asked.out, plugins)
    sys.stdout.write(f"{asked.out}\n")
    steps = read_model(store.entry_of(record, "convert")).input.preprocessing
    if steps.told:
        text = f"the model takes images that the host has {steps.told}"
        sys.stderr.write(f"coralexp: {text} (see coralexp.tflite.preprocess)\n")
    return 0


def _hand_out(
    store: Store, record: RunRecord, kind: str, out: Path, plugins: Sequence[str]
) -> None:
    """Write the copy beside its place first, so that no half of it is ever found there."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        draft = Path(scratch) / out.name
        if kind == "tflite":
            shutil.copyfile(store.entry_of(record, "convert") / "model.tflite", draft)
        elif kind == "h5" and not _came_from_elsewhere(store, record):
            shutil.copyfile(store.entry_of(record, "qat", "train") / MODEL, draft)
        else:
            _keras(store, record, draft, kind, plugins)
        if out.is_dir():
            shutil.rmtree(out)
        draft.replace(out)


def _came_from_elsewhere(store: Store, record: RunRecord) -> bool:
    """Return whether the saved model may hold programs, which nobody is to be handed."""
    entry = store.entry_of(record, "qat", "train")
    made = store.record(entry.parent.name, entry.name)
    return record.imported is not None or made is None or made.imported is not None


def _keras(store: Store, record: RunRecord, draft: Path, kind: str, plugins: Sequence[str]) -> None:
    """Have a process with TensorFlow write the model in one of Keras's formats."""
    trained = store.entry_of(record, "qat", "compress", "train")
    model = read_model(store.entry_of(record, "convert"))
    whole = draft.with_name(_WRITTEN[kind])  # Keras tells the format by the name
    order: ExportOrder = {
        "kind": "export",
        "experiment": _without_files(record),
        "source": str((trained / MODEL).resolve()),
        "fine_tuned": trained.parent.name == "qat",
        "image_shape": list(model.input.tensor.shape[1:]),
        "classes": len(model.classes),
        "plugins": list(plugins),
        "to": str(whole.resolve()),
    }
    with Workers(store.root / "logs") as workers:
        workers.carry_out(order, lambda step: None, tensorflow=True)
    whole.replace(draft)


def _without_files(record: RunRecord) -> dict[str, Json]:
    """Return a configuration; an imported run has its file of weights elsewhere."""
    config = copy.deepcopy(record.config)
    part = config.get("backbone")
    options = part.get("options") if isinstance(part, dict) else None
    if record.imported is not None and isinstance(options, dict) and options.get("weights"):
        options["weights"] = None  # every number comes from the model's own file
    return config
