"""What an archive of runs says that it holds: `manifest.json`."""

from __future__ import annotations

import dataclasses
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.artifacts.archive.members import contradiction, reason_against
from coralexp.artifacts.plain_json import MAX_BYTES, holds_control_characters, load_object
from coralexp.artifacts.record import RunRecord, from_fields
from coralexp.artifacts.record_fields import is_count, is_duration, is_key, is_name, is_stage
from coralexp.artifacts.store import INGREDIENTS, RECORD, key_of
from coralexp.errors import ArchiveError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.artifacts.record import Json

SCHEMA = 1
MANIFEST = "manifest.json"
FORMAT = "coralexp-runs"
MAX_MANIFEST_BYTES = 4 * MAX_BYTES
_SHA256 = re.compile(r"[0-9a-f]{64}")
_TAG = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")
_LONGEST_VALUE = 200
_PART_KEYS = {"choice", "target", "options"}
# Tags by which runs are known, or that say where a figure comes from: nobody hands them out.
_RESERVED = {
    "host", "pid", "start", "booted", "overrides", "git_commit", "error", "imported_from",
    "other_bits_here", "reproduces", "reproduction",
}  # fmt: skip
_RESERVED_STARTS = ("mlflow.", "coralexp.")


@dataclass(frozen=True)
class PackedFile:
    """One file of an entry.

    Attributes:
        sha256: In hexadecimal digits.
        size_bytes: Unpacked.
    """

    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class PackedEntry:
    """One entry of a store.

    Attributes:
        stage: Its stage.
        key: Its name there, which its ingredients decide.
        ingredients: What was hashed into the key.
        made_in_s: Wall time of the work.
        peak_memory_bytes: Of the process that did it; None if unknown.
        files: By relative name.
    """

    stage: str
    key: str
    ingredients: Mapping[str, Json]
    made_in_s: float
    peak_memory_bytes: int | None
    files: Mapping[str, PackedFile]

    def member(self, name: str) -> str:
        """Return the name that a file of it has in the archive."""
        return f"entries/{self.stage}/{self.key}/{name}"


@dataclass(frozen=True)
class Manifest:
    """What an archive holds.

    Attributes:
        runs: Records of runs and sweeps that ended, by id.
        entries: By stage and key.
        tags: What is to be told of each run besides, such as `student` to a name.
        left_out: Stages whose entries were left where they are.
    """

    runs: Sequence[RunRecord]
    entries: Sequence[PackedEntry]
    tags: Mapping[str, str] = field(default_factory=dict)
    left_out: Sequence[str] = ()

    def to_json(self) -> str:
        """Return the file's text: the same for equal content."""
        fields = {
            "format": FORMAT,
            "schema": SCHEMA,
            "tags": dict(self.tags),
            "left_out": list(self.left_out),
            "runs": [json.loads(run.to_json()) for run in self.runs],
            "entries": [dataclasses.asdict(entry) for entry in self.entries],
        }
        return json.dumps(fields, indent=1, sort_keys=True) + "\n"


def wrong_tag(name: str, value: str) -> str | None:
    """Return why a tag may not be given to runs; None if it may be."""
    if not _TAG.fullmatch(name):
        return "its name takes letters, digits, '_', '.' and '-', 40 at most"
    if name in _RESERVED or name.startswith(_RESERVED_STARTS) or name.endswith((".key", ".reused")):
        return "this name is taken by coralexp or MLflow"
    if not value or len(value) > _LONGEST_VALUE or holds_control_characters(value):
        return f"its value takes 1 to {_LONGEST_VALUE} characters, all of which can be shown"
    return None


def from_json(content: bytes, stages: Sequence[str], groups: Sequence[str]) -> Manifest:
    """Return what a manifest says, every field looked at.

    Args:
        content: Of the file.
        stages: Names that a stage may have.
        groups: What a stored configuration chooses.

    Raises:
        ArchiveError: If it is none of this schema, or says what cannot be; the text says what.
    """
    try:
        return _manifest(load_object(content, MAX_MANIFEST_BYTES), stages, groups)
    except ValueError as error:
        raise ArchiveError(f"{MANIFEST}: {error}") from error


def _manifest(fields: Mapping[str, Json], stages: Sequence[str], groups: Sequence[str]) -> Manifest:
    if fields.get("format") != FORMAT or fields.get("schema") != SCHEMA:
        raise ValueError(f"it is no list of runs of schema {SCHEMA}; update coralexp?")
    if fields.keys() != {"format", "schema", "tags", "left_out", "runs", "entries"}:
        raise ValueError("it has other fields than a list of runs")
    if holds_control_characters(dict(fields)):
        raise ValueError("it holds control characters")
    manifest = Manifest(
        [_run(run, groups) for run in _objects(fields, "runs")],
        [_entry(entry) for entry in _objects(fields, "entries")],
        _tags(fields["tags"]),
        _names(fields["left_out"]),
    )
    for problem in _problems(manifest, stages):
        raise ValueError(problem)
    return manifest


def _problems(manifest: Manifest, stages: Sequence[str]) -> Iterator[str]:
    """Yield what does not fit together."""
    runs = [run.id for run in manifest.runs]
    entries = {(entry.stage, entry.key) for entry in manifest.entries}
    if not runs:
        yield "it lists no runs"
    if len(set(runs)) < len(runs) or len(entries) < len(manifest.entries):
        yield "it lists a run or an entry twice"
    wanted = {(stage, made.key) for run in manifest.runs for stage, made in run.stages.items()}
    for stage, key in sorted(wanted | entries):
        if stage not in stages:
            yield f"{stage[:30]!r} is no stage"
        if (stage, key) not in wanted:
            yield f"no run has the entry {stage}/{key}"
        if (stage, key) not in entries and stage not in manifest.left_out:
            yield f"a run has the entry {stage}/{key}, which is missing"


def _run(fields: dict[str, Json], groups: Sequence[str]) -> RunRecord:
    run = from_fields(fields)
    if run.state == "RUNNING":
        raise ValueError(f"run {run.id} has not ended")
    if run.imported is not None or run.mlflow_run_id is not None or run.logged:
        raise ValueError(f"run {run.id} tells what only its store can know")
    reserved = [name for name in run.tags if name.startswith(_RESERVED_STARTS) or name in _RESERVED]
    reserved = [name for name in reserved if name not in {"reproduces", "reproduction"}]
    if reserved:
        raise ValueError(f"run {run.id} has a tag {reserved[0]!r}, which is not its to have")
    if run.kind == "sweep":
        if run.stages or run.config:
            raise ValueError(f"sweep {run.id} has stages of its own")
        return run
    for group in groups:
        part = run.config.get(group)
        if (
            not isinstance(part, dict)
            or part.keys() != _PART_KEYS
            or not isinstance(part["choice"], str)
            or not isinstance(part["target"], str)
            or not isinstance(part["options"], dict)
        ):
            raise ValueError(f"run {run.id}: its configuration chooses no {group}")
    return run


def _entry(fields: dict[str, Json]) -> PackedEntry:
    if fields.keys() != {f.name for f in dataclasses.fields(PackedEntry)}:
        raise ValueError("an entry has other fields than those of an entry")
    stage, key = fields["stage"], fields["key"]
    if not isinstance(stage, str) or not isinstance(key, str):
        raise ValueError("an entry has no stage or no key")
    if not is_stage(stage) or not is_key(key):
        raise ValueError(
            f"an entry has the stage {ascii(stage)[:40]} and the key {ascii(key)[:40]}"
        )
    name = f"entry {stage}/{key}"
    ingredients, made_in_s, peak = (
        fields["ingredients"], fields["made_in_s"], fields["peak_memory_bytes"]
    )  # fmt: skip
    if not isinstance(ingredients, dict) or ingredients.get("stage") != stage:
        raise ValueError(f"{name}: its ingredients are not those of the stage")
    if key_of(ingredients) != key:
        raise ValueError(f"{name}: its ingredients make another key, {key_of(ingredients)}")
    if not is_duration(made_in_s) or not (peak is None or is_count(peak)):
        raise ValueError(f"{name}: the time or the memory that it took is no number")
    return PackedEntry(
        stage,
        key,
        ingredients,
        made_in_s,  # type: ignore[arg-type]
        peak,  # type: ignore[arg-type]
        _files(fields["files"], name),
    )


def _files(fields: Json, entry: str) -> dict[str, PackedFile]:
    if not isinstance(fields, dict):
        raise ValueError(f"{entry}: has no list of files")
    files = {}
    for name, told in fields.items():
        reason = reason_against(name)
        if name.casefold() in {RECORD, INGREDIENTS}:
            reason = "the store writes this file itself"
        if reason is not None:
            raise ValueError(f"{entry}: file {ascii(name)[:120]}: {reason}")
        if not isinstance(told, dict) or told.keys() != {"sha256", "size_bytes"}:
            raise ValueError(f"{entry}: file {name} has no digest or no size")
        sha256, size = told["sha256"], told["size_bytes"]
        if not isinstance(sha256, str) or not _SHA256.fullmatch(sha256):
            raise ValueError(f"{entry}: file {name} has no SHA-256")
        if not isinstance(size, int) or not is_count(size):
            raise ValueError(f"{entry}: file {name} has no size")
        files[name] = PackedFile(sha256, size)
    wrong = contradiction(list(files))
    if wrong is not None:
        raise ValueError(f"{entry}: file {wrong}")
    return files


def _tags(fields: Json) -> dict[str, str]:
    if not isinstance(fields, dict):
        raise ValueError("'tags' is no object")
    tags = {}
    for name, value in fields.items():
        if not is_name(name) or not isinstance(value, str):
            raise ValueError(f"tag {ascii(name)[:60]} is no text")
        reason = wrong_tag(name, value)
        if reason is not None:
            raise ValueError(f"tag {name}: {reason}")
        tags[name] = value
    return tags


def _names(fields: Json) -> list[str]:
    if not isinstance(fields, list) or not all(map(is_stage, fields)):
        raise ValueError("'left_out' is no list of stages")
    return [str(name) for name in fields]


def _objects(fields: Mapping[str, Json], name: str) -> list[dict[str, Json]]:
    found = fields[name]
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise ValueError(f"{name!r} is no list of objects")
    return found  # type: ignore[return-value]
