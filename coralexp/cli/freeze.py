"""`coralexp freeze`: the folder of a run or a sweep that is committed, for others to reproduce."""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import shlex
import shutil
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.expected import expectation, from_json, to_json
from coralexp.artifacts.plain_json import MAX_BYTES
from coralexp.artifacts.sameness import TIMED_STAGES
from coralexp.artifacts.store import Store
from coralexp.cli.stored_jobs import CONFIG, EXPECTED
from coralexp.errors import ConfigError, Problem, StoreError
from coralexp.report.experiment_index import with_index
from coralexp.report.frozen import RESULTS, TITLES, Page, page
from coralexp.spec.experiment import How
from coralexp.spec.plain_yaml import read_regular
from coralexp.spec.stored import from_dict, to_yaml

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.record import RunRecord

TEXT = "lab.md"
_DESCRIPTION = f"""\
Write what others need to make a run again and to hold theirs against it:

  config.yaml      the stored configuration; of a sweep config-1.yaml, config-2.yaml, ...
  {EXPECTED}    metrics, their tolerances, the digest of every artifact, versions, commit
  README.md        the table of results and the pictures beside it, put into the text of
                   {TEXT} if the folder has one, at its line {RESULTS}

`coralexp reproduce FOLDER` then makes it again, with an empty store, too."""
_HOW = {field.name for field in dataclasses.fields(How)}
_OF_A_KIND = 3  # pictures on a page; a sweep of many jobs would fill it


def main(args: Sequence[str]) -> int:
    """Write the folder.

    Args:
        args: The id of a run or a sweep, and where to put it.

    Returns:
        0.

    Raises:
        ConfigError: If something is there already.
        StoreError: If a run did not finish, or its entries are gone or damaged.
        UnknownRunError: If there is no such run.
    """
    parser = argparse.ArgumentParser(
        prog="coralexp freeze",
        description=_DESCRIPTION,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("run", metavar="RUN_OR_SWEEP_ID", help="which, or enough of its start")
    parser.add_argument("out", type=Path, metavar="FOLDER", help="such as experiments/NAME")
    parser.add_argument("--question", default="", metavar="TEXT", help="headline of the page")
    parser.add_argument("--conclusion", default="", metavar="TEXT", help="what it shows")
    parser.add_argument("--with-models", action="store_true", help="the .tflite files, too")
    parser.add_argument(
        "--force", action="store_true", help="replace what was written there before"
    )
    parser.add_argument("--store", type=Path, default=Path(".coralexp"), metavar="DIR")
    asked = parser.parse_args(args)
    store = Store(asked.store)
    record = store.runs.find(asked.run)
    records = [record]
    if record.kind == "sweep":
        records = [run for run in store.runs if run.sweep == record.id]
    _require_whole(records, record, store)
    if asked.out.exists() and not asked.out.is_dir():
        raise ConfigError([Problem("FOLDER", f"{asked.out} is no folder")])
    if asked.out.is_dir() and any(asked.out.iterdir()) and not asked.force:
        raise ConfigError(
            [Problem("FOLDER", f"{asked.out} is there already; --force replaces its files")]
        )
    try:
        files = _write(asked, records, record, store)
    except OSError as error:
        raise StoreError(f"{asked.out}: cannot be written ({error.strerror})") from error
    sys.stdout.writelines(f"{asked.out / name}\n" for name in sorted(files))
    _renew_index(asked.out.parent)
    for text in _notes(records):
        _note(text)
    return 0


def _require_whole(records: Sequence[RunRecord], asked: RunRecord, store: Store) -> None:
    if not records:
        raise StoreError(f"{asked.id}: is a sweep that has no runs")
    for record in records:
        if record.state != "FINISHED":
            raise StoreError(f"run {record.id}: is {record.state}; only finished runs are frozen")
        for stage, made in record.stages.items():
            if stage not in TIMED_STAGES and store.damage(stage, made.key):
                raise StoreError(
                    f"run {record.id}: its {stage} entry is gone or damaged; "
                    f"`coralexp reproduce {record.id}` makes it again"
                )


def _write(
    asked: argparse.Namespace, records: Sequence[RunRecord], record: RunRecord, store: Store
) -> list[str]:
    """Write everything beside its place first, then put it there."""
    out: Path = asked.out
    out.parent.mkdir(parents=True, exist_ok=True)
    several = len(records) > 1
    with tempfile.TemporaryDirectory(dir=out.parent, prefix=".freeze-") as name:
        draft = Path(name) / "draft"
        draft.mkdir()
        configs = [f"config-{n}.yaml" if several else CONFIG for n in range(1, len(records) + 1)]
        for run, config in zip(records, configs, strict=True):
            experiment = from_dict(run.config, plugins=_packages(run))
            (draft / config).write_text(to_yaml(experiment), encoding="utf-8")
        drawn_of = [*records, record] if several else records
        pictures = _pictures(drawn_of, store, Path(name), draft, models=asked.with_models)
        command = shlex.join(["python", "-m", "coralexp", *filter(_asks, record.overrides)])
        about = Page(out.as_posix(), asked.question, asked.conclusion, command, _text(out))
        (draft / "README.md").write_text(page(about, records, pictures), encoding="utf-8")
        jobs = [expectation(run, store, c) for run, c in zip(records, configs, strict=True)]
        files = [*(path.name for path in draft.iterdir()), EXPECTED]
        (draft / EXPECTED).write_text(to_json(jobs, files), encoding="utf-8")
        out.mkdir(exist_ok=True)
        for old in _written_before(out):
            (out / old).unlink(missing_ok=True)
        for file in files:
            (draft / file).replace(out / file)
    return files


def _asks(override: str) -> bool:
    """Return whether an override says what is asked, rather than where and how it is done."""
    key = override.lstrip("+~").partition("=")[0]
    return key not in _HOW and not key.startswith("machine.")


def _renew_index(folder: Path) -> None:
    """Bring the page that lists the experiments of a folder up to date, if there is one."""
    page_of_all = folder / "README.md"
    if page_of_all.is_file():
        text = page_of_all.read_text(encoding="utf-8")
        renewed = with_index(text, folder)
        if renewed != text:
            page_of_all.write_text(renewed, encoding="utf-8")
            sys.stdout.write(f"{page_of_all}\n")


def _text(out: Path) -> str:
    """Return the author's text; empty if there is none."""
    try:
        return (out / TEXT).read_text(encoding="utf-8")
    except FileNotFoundError:
        return ""


def _packages(record: RunRecord) -> tuple[str, ...]:
    """Return the packages that a run of this store named: the user allowed them when it ran."""
    targets = [part.get("target") for part in record.config.values() if isinstance(part, dict)]
    names = {str(target).partition(".")[0] for target in targets}
    return tuple(sorted(names - {"coralexp"}))


def _pictures(
    records: Sequence[RunRecord], store: Store, scratch: Path, draft: Path, *, models: bool
) -> dict[str, list[tuple[int, str]]]:
    """Copy each picture once, though several runs may share it."""
    from coralexp.report.attachments import attachments

    found: dict[str, list[tuple[int, str]]] = {kind: [] for kind in TITLES}
    seen: set[Path] = set()
    for number, record in enumerate(records):
        start = f"{number + 1}-" if len(records) > 1 and record.kind == "run" else ""
        for path in attachments(record, store.root, scratch, _note):
            kept = found.get(path.stem) if path.suffix == ".png" else None
            wanted = kept is not None and len(kept) < _OF_A_KIND
            if path in seen or not (wanted or (models and path.suffix == ".tflite")):
                continue
            seen.add(path)
            shutil.copyfile(path, draft / f"{start}{path.name}")
            if wanted:
                found[path.stem].append((number, f"{start}{path.name}"))
    return {kind: files for kind, files in found.items() if files}


def _note(text: str) -> None:
    sys.stderr.write(f"note: {text}\n")


def _written_before(out: Path) -> list[str]:
    """Return what an earlier freeze wrote, which no longer counts; nothing else is touched."""
    with contextlib.suppress(OSError, ValueError):
        return from_json(read_regular(out / EXPECTED, MAX_BYTES + 1))[1]
    return []


def _notes(records: Sequence[RunRecord]) -> list[str]:
    notes = []
    if any((record.commit or "-dirty").endswith("-dirty") for record in records):
        notes.append("the code was not committed when it ran; commit, run again and freeze that")
    for record in records:
        for group, part in record.config.items():
            options = part.get("options") if isinstance(part, dict) else None
            for name, value in (options if isinstance(options, dict) else {}).items():
                if isinstance(value, str) and Path(value).expanduser().is_absolute():
                    notes.append(f"{group}.{name}={value} is a place on this machine alone")
    return list(dict.fromkeys(notes))
