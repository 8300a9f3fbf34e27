"""`coralexp measure`: a board that no network reaches measures a run by itself."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.store import Store
from coralexp.errors import BoardError, ConfigError, CoralexpError, Problem
from coralexp.pipeline.by_hand import export, take_in
from coralexp.spec.compose import parse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord

_EXPORT = """\
Write a package that a board runs by itself: the model of a run, test images, and a program of one
file that needs Python 3.7, numpy and a TFLite runtime. On the board: unzip it, then sh run.sh."""
_IMPORT = """\
Take the result that run.sh wrote on the board. It becomes a run of its own, which differs from the
one that was exported in what was measured; that one stays as it is. Its tag measured_for_run names
it, and the prediction stays beside the measurement as edgetpu_latency_predicted_ms.

A file that was cut or changed, or is of another model or protocol, is refused with the reason.
That a file agrees with itself does not make its times true."""

_PLUGINS = "machine.plugins=[NAME]: packages of your own that the run took parts from"


def main(args: Sequence[str]) -> int:
    """Export a package, or import its result.

    Args:
        args: `export RUN_ID OUT.zip`, or `import RESULT.zip ...`.

    Returns:
        0, or 1 if a file was refused.

    Raises:
        ConfigError: If something is there already, or a file is not there.
        UnknownRunError: If there is no such run.
        StoreError: If the store cannot be read or written.
        BoardError: If there is nothing to measure.
    """
    asked = _parser().parse_args(args)
    store = Store(asked.store)
    settings = [word for word in asked.words if word.startswith("machine.")]
    files = [Path(word) for word in asked.words if word not in settings]
    plugins = parse(settings).machine.plugins if settings else ()
    if asked.action == "export":
        if files:
            raise ConfigError([Problem("", f"{files[0]}: expected RUN_ID OUT.zip, no more")])
        return _export(store, asked.run, asked.out, asked, plugins)
    if not files:
        raise ConfigError([Problem("", "name the files to take")])
    missing = [Problem("", f"{p}: there is no such file") for p in files if not p.exists()]
    if missing:
        raise ConfigError(missing)
    return _import(store, files, plugins)


def _export(
    store: Store, name: str, out: Path, asked: argparse.Namespace, plugins: Sequence[str]
) -> int:
    if out.exists() and not asked.force:
        raise ConfigError([Problem("OUT", f"{out} is there already; --force replaces it")])
    if out.is_dir():
        raise ConfigError([Problem("OUT", f"{out} is a folder; expected the name of a zip file")])
    if asked.images is not None and asked.images < 0:
        raise ConfigError([Problem("--images", f"expected at least 0, got {asked.images}")])
    run = store.runs.find(name)
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        package = export(store, run, out, asked.images, plugins)
    except OSError as error:
        raise BoardError(f"{out}: cannot be written ({error.strerror})") from error
    sys.stdout.write(
        f"{out}: {out.stat().st_size / 1024:.0f} KiB, the model of run {run.id} and"
        f" {package.images} images\n"
        f"on the board: unzip {out.name} && sh measure-{run.id}/run.sh\n"
        f"then here:    python -m coralexp measure import result-{run.id}.zip\n"
    )
    return 0


def _import(store: Store, files: Sequence[Path], plugins: Sequence[str]) -> int:
    refused, new = 0, []
    for path in files:
        try:
            old, run, is_new = take_in(store, path, plugins)
        except CoralexpError as error:
            sys.stdout.flush()
            text = str(error).removeprefix(f"{path.name}: ").removeprefix(f"{path}: ")
            sys.stderr.write(f"coralexp: {path}: refused, nothing of it was taken: {text}\n")
            refused += 1
            continue
        if is_new:
            new.append(run)
            sys.stdout.write(f"{path}: run {run.id}, measured for run {old.id}{_told(run)}\n")
        else:
            sys.stdout.write(f"{path}: was taken before, it is run {run.id}\n")
    if new:
        _log(store, new)
    return int(refused > 0)


def _told(run: RunRecord) -> str:
    metrics = run.metrics
    lines = [f"\n  device_latency_ms     {metrics['device_latency_ms']:.3f}, measured"]
    if "edgetpu_latency_predicted_ms" in metrics:
        lines.append(f"\n  predicted             {metrics['edgetpu_latency_predicted_ms']:.3f}")
    if "device_accuracy" in metrics:
        lines.append(
            f"\n  device_accuracy       {metrics['device_accuracy']:.4f} of"
            f" {metrics['device_accuracy_images']:.0f} images"
            f"\n  agreement with host   {metrics['device_agreement']:.4f}"
        )
    return "".join([*lines, f"\n  measured on           {run.tags['measured_on']}"])


def _log(store: Store, runs: Sequence[RunRecord]) -> None:
    """Log the new runs; what MLflow does not take now, the next command logs."""
    from coralexp.report.attachments import attachments
    from coralexp.tracking.console import ConsoleObserver
    from coralexp.tracking.mlflow_observer import MlflowObserver

    console = ConsoleObserver()
    mlflow = MlflowObserver(store.runs, store.root, attach=attachments, note=console.noted)
    for run in runs:
        mlflow.run_started(run)
        mlflow.run_finished(run)
    mlflow.close()


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    parser = argparse.ArgumentParser("coralexp measure", description=__doc__, allow_abbrev=False)
    actions = parser.add_subparsers(dest="action", required=True, metavar="export|import")
    plain = argparse.RawDescriptionHelpFormatter
    out = actions.add_parser("export", parents=[shared], description=_EXPORT, formatter_class=plain)
    out.add_argument("run", metavar="RUN_ID", help="id of a run, or enough of its start")
    out.add_argument("out", type=Path, metavar="OUT.zip")
    out.add_argument("words", nargs="*", metavar="machine.plugins=[NAME]", help=_PLUGINS)
    out.add_argument(
        "--images",
        type=int,
        metavar="N",
        help="test images that the board answers (default: as device.accuracy_images of the run"
        " says; 0 for none: then no picture leaves this machine)",
    )
    out.add_argument("--force", action="store_true", help="replace what is there")
    back = actions.add_parser(
        "import", parents=[shared], description=_IMPORT, formatter_class=plain
    )
    back.add_argument(
        "words", nargs="+", metavar="RESULT.zip", help=f"what run.sh wrote; {_PLUGINS}"
    )
    return parser
