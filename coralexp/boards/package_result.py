"""The result that comes back from a board by hand: believed only as far as it can be checked."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from coralexp.artifacts.archive.limits import Limits
from coralexp.artifacts.archive.members import opened
from coralexp.artifacts.plain_json import load_object
from coralexp.artifacts.record_fields import is_run_id
from coralexp.boards.agent.protocol import statistics
from coralexp.boards.order import STANDARD
from coralexp.boards.package import DIGEST, PACKAGE, RESULT, SCHEMA, Package
from coralexp.boards.result import read_result
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from coralexp.artifacts.record import Json
    from coralexp.boards.result import Measurement

_MEMBERS = {RESULT, DIGEST, PACKAGE}
_LIMITS = Limits(members=3, directory_bytes=4096, content_bytes=64 << 20)
_SMALL_BYTES = 10_000
_LONGEST = 500  # of any text that is shown and logged
_SAME = 1e-9


@dataclass(frozen=True)
class Returned:
    """What a result file holds.

    Attributes:
        package: What it says it is for.
        content: Of `result.json`.
        digest: That the agent told of it.
    """

    package: Package
    content: bytes
    digest: str


def read_returned(path: Path) -> Returned:
    """Return what a result file holds.

    Raises:
        ArchiveError: If it is no zip file, or one with something else in it.
        BoardError: If its `package.json` is none.
    """
    with opened(path, _LIMITS) as members:
        if set(members.sizes) != _MEMBERS:
            found = ", ".join(sorted(members.sizes)[:5]) or "nothing"
            raise BoardError(
                f"{path}: expected {', '.join(sorted(_MEMBERS))} as run.sh packs them, got {found}"
            )
        package = members.read(PACKAGE, _SMALL_BYTES)
        content = members.read(RESULT, _LIMITS.content_bytes)
        digest = members.read(DIGEST, _SMALL_BYTES)
    lines = digest.decode("ascii", "replace").split()
    return Returned(_package(package, path), content, lines[-1] if lines else "")


def measurement_of(returned: Returned, expected: Package, threads: int, place: str) -> Measurement:
    """Return the measurement, if it is one of the model that was handed out.

    Nobody can tell from here whether the times are true; what can be told is whether the file is
    whole, agrees with itself, and is of this model, these images and this protocol.

    Args:
        returned: What came back.
        expected: What the run's package holds.
        threads: Of the processor, as ordered.
        place: Name of the file, for the errors.

    Raises:
        BoardError: If it is not; the text says why.
    """
    if returned.package != expected:
        names = [n for n, v in vars(expected).items() if getattr(returned.package, n) != v]
        raise BoardError(
            f"{place}: is of another package than this run's: {', '.join(names)} differ; export it"
            " again and measure that"
        )
    measurement = read_result(returned.content, returned.digest, expected.model, place)
    if not _is_told_in_words(measurement):
        raise BoardError(f"{place}: devices or warnings are not as promised")
    ordered = {**vars(STANDARD), "threads": threads}
    if measurement.group("protocol") != ordered:
        raise BoardError(f"{place}: was not measured by the protocol that was ordered")
    if len(measurement.answers) != expected.images:
        raise BoardError(f"{place}: answers {len(measurement.answers)} images of {expected.images}")
    for name, claimed in (
        ("invoke_ms", measurement.invoke_ms),
        ("end_to_end_ms", measurement.end_to_end_ms),
    ):
        found = statistics(list(measurement.raw_ms[name]))
        if not all(math.isclose(claimed[n], found[n], rel_tol=_SAME, abs_tol=_SAME) for n in found):
            raise BoardError(f"{place}: {name} is not what its single times give")
    if _longest(measurement.summary()) > _LONGEST:
        raise BoardError(f"{place}: holds a text of more than {_LONGEST} characters")
    return measurement


def _package(content: bytes, path: Path) -> Package:
    try:
        fields = load_object(content, _SMALL_BYTES)
    except ValueError as error:
        raise BoardError(f"{path}: its {PACKAGE} cannot be read: {error}") from error
    kinds: Mapping[str, type] = {"run": str, "model": str, "images": int, "images_digest": str}
    if fields.pop("schema", None) != SCHEMA or fields.keys() != kinds.keys():
        raise BoardError(f"{path}: its {PACKAGE} is none of schema {SCHEMA}")
    if not all(type(fields[name]) is kind for name, kind in kinds.items()):
        raise BoardError(f"{path}: its {PACKAGE} holds a value of another kind than promised")
    if not is_run_id(fields["run"]):
        raise BoardError(f"{path}: its {PACKAGE} names no run")
    return Package(**fields)  # type: ignore[arg-type]


def _longest(value: Json) -> int:
    if isinstance(value, dict):
        return max((max(len(name), _longest(inner)) for name, inner in value.items()), default=0)
    if isinstance(value, list):
        return max(map(_longest, value), default=0)
    return len(value) if isinstance(value, str) else 0


def _is_told_in_words(measurement: Measurement) -> bool:
    """Return whether devices have names and warnings are texts, as those who show them expect."""
    devices = measurement.fields.get("devices")
    return (
        isinstance(devices, list)
        and all(
            isinstance(device, dict)
            and isinstance(device.get("name"), str)
            and isinstance(device.get("interface"), str)
            for device in devices
        )
        and all(isinstance(warning, str) for warning in measurement.warnings)
    )


def words_of(measurement: Measurement) -> str:
    """Return where it was measured: machine, board, and its Edge TPUs."""
    host = cast("dict[str, Json]", measurement.fields["host"])
    named = [str(host.get(name) or "") for name in ("name", "model")]
    chips = cast("list[dict[str, Json]]", measurement.fields["devices"])
    named += [f"{chip.get('name')} ({chip.get('interface')})" for chip in chips[:4]]
    return ", ".join(word for word in named if word) or "an unnamed board"
