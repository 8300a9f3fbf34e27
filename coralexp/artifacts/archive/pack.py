"""Runs of a store, with what they made, become one file."""

from __future__ import annotations

import contextlib
import dataclasses
import hashlib
import json
import os
import tempfile
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.archive.limits import LIMITS
from coralexp.artifacts.archive.manifest import MANIFEST, Manifest, PackedEntry, PackedFile
from coralexp.artifacts.archive.members import opened
from coralexp.artifacts.plain_json import (
    holds_control_characters,
    load_object,
    without_control_characters,
)
from coralexp.artifacts.record import RunRecord, from_fields
from coralexp.artifacts.store import INGREDIENTS
from coralexp.errors import ArchiveError, StoreError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.artifacts.store import Store

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that zip files know
_PLAIN_FILE = 0o100644 << 16
_UNIX = 3
_CHUNK_BYTES = 1 << 20


def pack(
    runs: Sequence[RunRecord],
    store: Store,
    out: Path,
    tags: Mapping[str, str],
    left_out: Sequence[str] = (),
) -> Manifest:
    """Write an archive: the same bytes for equal runs, entries and tags.

    Args:
        runs: Runs and sweeps that ended.
        store: Where they and their entries are.
        out: The file; it appears when it is complete.
        tags: For every run.
        left_out: Stages whose entries stay where they are.

    Returns:
        What is in it.

    Raises:
        ArchiveError: If it is larger than what `import-runs` takes.
        StoreError: If an entry is gone or damaged, or a file cannot be read or written.
    """
    manifest = Manifest(
        sorted(map(_without_its_store, runs), key=lambda run: run.id),
        _entries(runs, store, left_out),
        dict(tags),
        sorted(left_out),
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(prefix=f".{out.name}.", dir=out.parent)
    draft = Path(name)
    try:
        with os.fdopen(number, "wb") as file, zipfile.ZipFile(file, "w") as archive:
            archive.writestr(_info(MANIFEST), manifest.to_json())
            for entry in manifest.entries:
                for file_name in sorted(entry.files):
                    _add(archive, entry, file_name, store.path(entry.stage, entry.key))
        try:
            with opened(draft, LIMITS):  # as whoever takes it will look at it
                pass
        except ArchiveError as error:
            raise ArchiveError(f"{out}: nobody could take it: {error}; name fewer runs") from error
        draft.chmod(0o644)
        draft.replace(out)
    except OSError as error:
        raise StoreError(f"{out}: cannot be written ({error.strerror or error})") from error
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()
    return manifest


def _without_its_store(run: RunRecord) -> RunRecord:
    """Return a run without what is true in its own store alone, or would steer a terminal."""
    bare = dataclasses.replace(
        run, mlflow_uri=None, mlflow_run_id=None, logged=False, imported=None
    )
    return from_fields(without_control_characters(json.loads(bare.to_json())))


def _entries(runs: Sequence[RunRecord], store: Store, left_out: Sequence[str]) -> list[PackedEntry]:
    wanted = {
        (stage, made.key): run.id
        for run in runs
        for stage, made in run.stages.items()
        if stage not in left_out
    }
    return [_entry(store, stage, key, wanted[stage, key]) for stage, key in sorted(wanted)]


def _entry(store: Store, stage: str, key: str, run: str) -> PackedEntry:
    record = store.record(stage, key)
    if record is None:
        raise StoreError(
            f"run {run}: its {stage} entry is no longer in {store.root}; --without {stage} goes "
            f"on without it, `coralexp reproduce {run}` makes it again"
        )
    folder = store.path(stage, key)
    try:
        ingredients = load_object((folder / INGREDIENTS).read_bytes())
        files = {
            name: PackedFile(digest, (folder / name).stat().st_size)
            for name, digest in record.digests.items()
        }
    except (OSError, ValueError) as error:
        raise StoreError(_damaged(stage, key, run)) from error
    if holds_control_characters(ingredients):
        raise StoreError(
            f"run {run}: an option of its {stage} stage holds control characters, which nobody "
            f"would take; --without {stage} goes on without it"
        )
    return PackedEntry(stage, key, ingredients, record.made_in_s, record.peak_memory_bytes, files)


def _add(archive: zipfile.ZipFile, entry: PackedEntry, name: str, folder: Path) -> None:
    """Copy a file into the archive, and see on the way that it is what was once made."""
    told = entry.files[name]
    digest = hashlib.sha256()
    info = _info(entry.member(name))
    large = told.size_bytes >= zipfile.ZIP64_LIMIT
    with (folder / name).open("rb") as file, archive.open(info, "w", force_zip64=large) as to:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
            to.write(chunk)
    if digest.hexdigest() != told.sha256:
        raise StoreError(_damaged(entry.stage, entry.key, f"of {name}"))


def _info(name: str) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name, _EPOCH)
    info.compress_type = zipfile.ZIP_DEFLATED
    info.create_system = _UNIX  # whatever the system is: equal content makes equal bytes
    info.external_attr = _PLAIN_FILE
    return info


def _damaged(stage: str, key: str, what: str) -> str:
    return (
        f"{stage}/{key} ({what}) is damaged; give the command that made it again, which makes "
        f"it anew, or go on without it: --without {stage}"
    )
