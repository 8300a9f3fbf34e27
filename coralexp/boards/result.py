"""What the agent answers, checked: it comes from another program, perhaps from another machine."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from coralexp.artifacts.plain_json import holds_control_characters, load_object
from coralexp.boards.agent.measurement import SCHEMA
from coralexp.boards.failures import OF_KIND
from coralexp.errors import BoardError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.artifacts.record import Json

_MOST_BYTES = 256_000_000  # a time takes some 20 bytes
_STATISTICS = ("median", "mean", "std", "p90", "p95", "p99", "min", "max")
_KINDS = {"model": dict, "runtime": dict, "host": dict, "heat": dict, "warnings": list}
_EDGE_TPU = "edgetpu"


@dataclass(frozen=True)
class Measurement:
    """What was measured.

    Attributes:
        fields: The agent's result as it came; see `coralexp.boards.agent.measurement`.
        place: Where, in words: `this machine`, or the board's address.
    """

    fields: Mapping[str, Json]
    place: str

    @property
    def on_edge_tpu(self) -> bool:
        """Whether an Edge TPU ran the model; else it was a CPU."""
        return self.fields["processor"] == _EDGE_TPU

    @property
    def first_ms(self) -> float:
        """Of the first inference, which uploads the parameters."""
        return cast("float", self.fields["first_ms"])

    @property
    def invoke_ms(self) -> Mapping[str, float]:
        """Statistics of `invoke` alone: median, mean, std, p90, p95, p99, min, max."""
        return cast("Mapping[str, float]", self.fields["invoke_ms"])

    @property
    def end_to_end_ms(self) -> Mapping[str, float]:
        """The same, with copying in and out."""
        return cast("Mapping[str, float]", self.fields["end_to_end_ms"])

    @property
    def raw_ms(self) -> Mapping[str, Sequence[float]]:
        """Every time in order: `invoke_ms` and `end_to_end_ms`."""
        return cast("Mapping[str, Sequence[float]]", self.fields["raw"])

    @property
    def answers(self) -> Sequence[int]:
        """The top class of each image; empty if none were asked for."""
        return cast("Sequence[int]", self.fields["answers"] or ())

    @property
    def warnings(self) -> Sequence[str]:
        """What to know of it, a sentence each."""
        return cast("Sequence[str]", self.fields["warnings"])

    def group(self, name: str) -> Mapping[str, Json]:
        """Return a group of facts, such as `runtime` or `host`; empty if it is absent."""
        found = self.fields.get(name)
        return found if isinstance(found, dict) else {}

    def summary(self) -> dict[str, Json]:
        """Return all but the single times."""
        return {name: value for name, value in self.fields.items() if name != "raw"}


def read_result(content: bytes, digest: str, model_digest: str, place: str) -> Measurement:
    """Return what an agent measured.

    Args:
        content: Of its result file.
        digest: SHA-256 that the agent printed.
        model_digest: SHA-256 of the model that it was to measure.
        place: Where, in words.

    Raises:
        BoardError: If it could not measure, or the result is damaged or of something else.
    """
    if hashlib.sha256(content).hexdigest() != digest:
        raise BoardError(
            f"{place}: the result was cut short or changed on its way: its {len(content)} bytes are"
            " not those that the agent wrote"
        )
    fields = _fields(content, place)
    problems = list(_problems(fields))
    if problems:
        raise BoardError(f"{place}: the agent's result is not as promised: {problems[0]}")
    model = cast("dict[str, Json]", fields["model"])
    if model.get("sha256") != model_digest:
        raise BoardError(f"{place}: another model was measured than was sent")
    return Measurement(fields, place)


def read_hold(answer: str, place: str) -> Mapping[str, Json]:
    """Return who holds a board, or whom it was taken from; see `coralexp.boards.agent.hold`.

    Args:
        answer: The line that the agent printed.
        place: Where, in words.

    Raises:
        BoardError: If it refused, or its answer is not as promised.
    """
    fields = _fields(answer.encode(), place)
    held = fields.get("holder", fields.get("released"))
    waiting = fields.get("waiting", [])
    if not isinstance(held, dict | None) or not isinstance(waiting, list):
        raise BoardError(f"{place}: the agent's answer is not as promised: who holds it is missing")
    if not all(isinstance(one, dict) for one in waiting):
        raise BoardError(f"{place}: the agent's answer is not as promised: who waits is missing")
    return fields


def read_look(answer: str, place: str) -> Mapping[str, Json]:
    """Return what an agent sees.

    Args:
        answer: The line that it printed.
        place: Where, in words.

    Raises:
        BoardError: If it could not look, or its answer is not as promised.
    """
    fields = _fields(answer.encode(), place)
    if not isinstance(fields.get("host"), dict) or not isinstance(fields.get("devices"), list):
        raise BoardError(f"{place}: the agent's answer is not as promised: host or devices missing")
    return fields


def _fields(content: bytes, place: str) -> dict[str, Json]:
    """Return what the agent wrote, of the schema that is known here.

    Raises:
        BoardError: If it is anything else, or says that it could not do its work.
    """
    try:
        fields = load_object(content, _MOST_BYTES)
    except ValueError as error:
        raise BoardError(f"{place}: the agent's answer cannot be read: {error}") from error
    if fields.get("schema") != SCHEMA:
        found = fields.get("schema")
        raise BoardError(f"{place}: the answer has schema {found!r}; this coralexp reads {SCHEMA}")
    if holds_control_characters({**fields, "raw": None}):
        raise BoardError(f"{place}: the agent's answer holds control characters")
    refusal = fields.get("error")
    if isinstance(refusal, dict):
        kind = OF_KIND.get(str(refusal.get("kind")), BoardError)
        raise kind(f"{place}: {refusal.get('text')}")
    return fields


def _problems(fields: Mapping[str, Json]) -> Iterator[str]:
    """Yield what is wrong with a result."""
    raw = fields.get("raw")
    for name in ("invoke_ms", "end_to_end_ms"):
        summary, times = fields.get(name), raw.get(name) if isinstance(raw, dict) else None
        if not isinstance(summary, dict) or not all(_is_ms(summary.get(n)) for n in _STATISTICS):
            yield f"{name} lacks a time"
        if not isinstance(times, list) or not times or not all(map(_is_ms, times)):
            yield f"raw.{name} holds no times"
        elif len(times) != fields.get("inferences"):
            yield f"raw.{name} holds {len(times)} times of {fields.get('inferences')}"
    if not _is_ms(fields.get("first_ms")):
        yield "first_ms is no time"
    if fields.get("processor") not in (_EDGE_TPU, "cpu"):
        yield "processor is neither edgetpu nor cpu"
    for name, kind in _KINDS.items():
        if not isinstance(fields.get(name), kind):
            yield f"{name} is missing"
    answers = fields.get("answers") or []
    if not isinstance(answers, list) or not all(isinstance(a, int) and a >= 0 for a in answers):
        yield "answers are no classes"


def _is_ms(value: Json) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0
