"""`coralexp export`: the model of a run, in the format that somebody else needs."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.errors import ConfigError, Problem
from coralexp.pipeline.process import Workers

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord
    from coralexp.pipeline.messages import ExportOrder

FORMATS = ("tflite", "savedmodel", "h5", "keras")


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
    parser.add_argument("--force", action="store_true", help="replace what is there")
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    asked = parser.parse_args(args)
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    if asked.out.exists() and not asked.force:
        raise ConfigError([Problem("OUT", f"{asked.out} is there already; --force replaces it")])
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    _hand_out(store, record, asked.format, asked.out)
    sys.stdout.write(f"{asked.out}\n")
    return 0


def _hand_out(store: Store, record: RunRecord, kind: str, out: Path) -> None:
    """Write the copy beside its place first, so that no half of it is ever found there."""
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".export-") as scratch:
        draft = Path(scratch) / out.name
        if kind == "tflite":
            shutil.copyfile(store.entry_of(record, "convert") / "model.tflite", draft)
        else:
            trained = store.entry_of(record, "qat", "train")
            if kind == "h5":
                shutil.copyfile(trained / "model.h5", draft)
            else:
                _keras(store, trained / "model.h5", draft, kind)
        if out.is_dir():
            shutil.rmtree(out)
        draft.replace(out)


def _keras(store: Store, source: Path, draft: Path, kind: str) -> None:
    """Have a process with TensorFlow write the model in another of Keras's formats."""
    # Keras tells the format by the name
    whole = draft.with_name("written.keras" if kind == "keras" else "written")
    order: ExportOrder = {
        "kind": "export",
        "source": str(source.resolve()),
        "to": str(whole.resolve()),
    }
    with Workers(store.root / "logs") as workers:
        workers.carry_out(order, lambda step: None, tensorflow=True)
    whole.replace(draft)
