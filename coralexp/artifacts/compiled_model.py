"""What became of a model at the Edge TPU compiler: the record, and the files beside it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

from coralexp.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

SCHEMA = 1
RECORD = "compile.json"
COMPILED = "model_edgetpu.tflite"
LOG = "model_edgetpu.log"
STDOUT = "compiler_stdout.txt"

CompileStatus = Literal[
    "compiled", "unmapped", "refused", "crashed", "timed_out", "inconsistent", "absent"
]
CompileSource = Literal["edgetpu_compiler", "predicted"]


@dataclass(frozen=True)
class OperatorCount:
    """One line of the compiler's table.

    Attributes:
        op: Builtin name such as `CONV_2D`.
        count: Operators of that name and status.
        status: In the compiler's words, such as `Mapped to Edge TPU`.
    """

    op: str
    count: int
    status: str


@dataclass(frozen=True)
class CompiledPart:
    """One compiled model: the whole, or a segment of it. None stands for what is not told.

    Attributes:
        file: Name beside the record; None if no file was kept.
        size_bytes: Of that file, exact.
        edgetpu_ops: Operators on the Edge TPU.
        cpu_ops: Operators on the CPU.
        total_ops: Operators before compilation.
        subgraphs: Parts that run on the Edge TPU.
        on_chip_bytes: Parameters in on-chip memory, as printed: rounded.
        on_chip_free_bytes: On-chip memory left, rounded.
        off_chip_bytes: Parameters that are streamed at each inference, rounded.
        rounding_bytes: How far the three may lie from the truth, up or down.
        operators: The table; empty if there is none.
    """

    file: str | None
    size_bytes: int | None
    edgetpu_ops: int | None
    cpu_ops: int | None
    total_ops: int | None
    subgraphs: int | None
    on_chip_bytes: int | None
    on_chip_free_bytes: int | None
    off_chip_bytes: int | None
    rounding_bytes: int
    operators: tuple[OperatorCount, ...] = ()


@dataclass(frozen=True)
class CompileFailure:
    """Why there is no compiled model.

    Attributes:
        text: In the compiler's words; empty if it said nothing.
        cause: In ours, one line.
        remedy: What to change, one line.
        source: Where that is known from.
    """

    text: str
    cause: str
    remedy: str
    source: str = ""


@dataclass(frozen=True)
class CompileRecord:
    """One compilation, or why there was none.

    Attributes:
        status: `compiled`: the files are there. `unmapped`: taken, but nothing runs on the Edge
            TPU. `refused`, `crashed`, `timed_out`: see `failures`. `inconsistent`: exit status,
            output file and printed counts do not agree. `absent`: no compiler here.
        compile_source: `edgetpu_compiler` if the compiler told where the operators run, or that it
            refuses the model; else `predicted`.
        compiler: Name, version and place in words; for `absent` why there is none, one line.
        compiler_version: Such as `16.0.384591198`; None if unknown.
        command: Program and arguments, without what starts a container; empty for `absent`.
        exit_status: Negative for a signal; None if it ran out of time or was not run.
        attempts: Tries of the search for a delegate, at least 1 if the compiler was run.
        compile_ms: What the compiler says that it took; None if it does not.
        parts: Compiled models; several with `num_segments`.
        failures: Empty for `compiled` and `absent`.
        warnings: What to know of a result that counts, and the compiler's own warnings.
    """

    status: CompileStatus
    compile_source: CompileSource
    compiler: str
    compiler_version: str | None = None
    command: tuple[str, ...] = ()
    exit_status: int | None = None
    attempts: int = 0
    compile_ms: int | None = None
    parts: tuple[CompiledPart, ...] = ()
    failures: tuple[CompileFailure, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def edgetpu_ops(self) -> int | None:
        """Operators on the Edge TPU in all parts; None if one does not tell."""
        return _sum([part.edgetpu_ops for part in self.parts])

    @property
    def cpu_ops(self) -> int | None:
        """Operators on the CPU in all parts; None if one does not tell."""
        return _sum([part.cpu_ops for part in self.parts])

    @property
    def on_chip_bytes(self) -> int | None:
        """Parameters in on-chip memory in all parts, rounded; None if one does not tell."""
        return _sum([part.on_chip_bytes for part in self.parts])

    @property
    def off_chip_bytes(self) -> int | None:
        """Streamed parameters in all parts, rounded; None if one does not tell."""
        return _sum([part.off_chip_bytes for part in self.parts])


def write_record(record: CompileRecord, folder: Path) -> None:
    """Write `compile.json`, which names its schema."""
    fields = {"schema": SCHEMA, **dataclasses.asdict(record)}
    (folder / RECORD).write_text(json.dumps(fields, indent=1), "utf-8")


def read_compiled(folder: Path) -> CompileRecord:
    """Return the record of a `compile` entry.

    Raises:
        StoreError: If a newer coralexp wrote it.
    """
    fields = json.loads((folder / RECORD).read_text("utf-8"))
    schema = fields.pop("schema", None)
    if schema != SCHEMA:
        raise StoreError(f"{folder / RECORD}: has schema {schema}; this coralexp reads {SCHEMA}")
    parts = [_part(part) for part in fields.pop("parts")]
    failures = [CompileFailure(**failure) for failure in fields.pop("failures")]
    command, warnings = tuple(fields.pop("command")), tuple(fields.pop("warnings"))
    return CompileRecord(
        **fields,
        parts=tuple(parts),
        failures=tuple(failures),
        command=command,
        warnings=warnings,
    )


def _part(fields: dict[str, object]) -> CompiledPart:
    rows = cast("list[dict[str, object]]", fields.pop("operators"))
    operators = tuple(OperatorCount(**row) for row in rows)  # type: ignore[arg-type]
    return CompiledPart(**fields, operators=operators)  # type: ignore[arg-type]


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
