"""One compilation as it went, and the record that is kept of it."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import zip_longest
from typing import TYPE_CHECKING

from coralexp.artifacts.compiled_model import (
    CompiledPart,
    CompileFailure,
    CompileRecord,
    OperatorCount,
)
from coralexp.edgetpu.compiler.output import ModelOutput
from coralexp.errors import CompilationError

if TYPE_CHECKING:
    from coralexp.artifacts.compiled_model import CompileStatus
    from coralexp.edgetpu.compiler.locate import Absent, Compiler
    from coralexp.edgetpu.compiler.output import CompilerOutput, Failure, Size
    from coralexp.edgetpu.compiler.process import Ended

_TOLD = ("compiled", "unmapped", "refused")  # the compiler itself says how it stands


@dataclass(frozen=True)
class Kept:
    """Files of one output, by their names in the folder; None for what is not there.

    Attributes:
        model: Compiled model.
        size_bytes: Of it.
        log: Log file.
    """

    model: str | None
    size_bytes: int | None
    log: str | None


@dataclass(frozen=True)
class Compilation:
    """One call of the compiler, judged.

    Attributes:
        status: What it came to.
        compiler: Which one.
        command: Program and arguments; without what starts a container, which differs each time.
        ended: How it ended.
        output: What it printed, read.
        kept: One for each output file that was expected.
        failures: Empty only for `compiled`.
        warnings: What to know of the result.
    """

    status: CompileStatus
    compiler: Compiler
    command: tuple[str, ...]
    ended: Ended
    output: CompilerOutput
    kept: tuple[Kept, ...]
    failures: tuple[Failure, ...]
    warnings: tuple[str, ...]

    def require(self) -> None:
        """Hold it to success.

        Raises:
            CompilationError: If there is no compiled model; says why and what helps.
        """
        if self.status != "compiled":
            lines = [f"{failure.cause} {failure.remedy}" for failure in self.failures]
            raise CompilationError(f"{self.compiler.name}: {' '.join(lines)}")

    def record(self) -> CompileRecord:
        """Return what is kept of it."""
        models = self.output.models
        parts: tuple[CompiledPart, ...] = ()
        if self.status in {"compiled", "unmapped"}:
            pairs = zip_longest(models, self.kept)
            parts = tuple(_part(model or ModelOutput(), kept) for model, kept in pairs)
        return CompileRecord(
            status=self.status,
            compile_source="edgetpu_compiler" if self.status in _TOLD else "predicted",
            compiler=self.compiler.name,
            compiler_version=self.output.version or self.compiler.version,
            command=self.command,
            exit_status=self.ended.status,
            attempts=max(1, len(self.output.attempts)),
            compile_ms=self.output.compile_ms,
            parts=parts,
            failures=tuple(
                CompileFailure(failure.text, failure.cause, failure.remedy, failure.source)
                for failure in self.failures
            ),
            warnings=self.warnings,
        )


def without_compiler(absent: Absent) -> CompileRecord:
    """Return the record of a job that goes on without a compiler."""
    return CompileRecord("absent", "predicted", absent.reason)


def _part(model: ModelOutput, kept: Kept | None) -> CompiledPart:
    sizes = (model.on_chip_used, model.on_chip_remaining, model.off_chip)
    return CompiledPart(
        file=kept.model if kept else None,
        size_bytes=kept.size_bytes if kept else None,
        edgetpu_ops=model.edgetpu_ops,
        cpu_ops=model.cpu_ops,
        total_ops=model.total_ops,
        subgraphs=model.subgraphs,
        on_chip_bytes=_bytes(model.on_chip_used),
        on_chip_free_bytes=_bytes(model.on_chip_remaining),
        off_chip_bytes=_bytes(model.off_chip),
        rounding_bytes=max((size.rounding_bytes for size in sizes if size), default=0),
        operators=tuple(OperatorCount(row.op, row.count, row.status) for row in model.rows),
    )


def _bytes(size: Size | None) -> int | None:
    return None if size is None else size.value_bytes
