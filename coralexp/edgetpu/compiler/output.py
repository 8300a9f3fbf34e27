"""What an output of the compiler says, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

MAPPED = "Mapped to Edge TPU"

Said = Literal["succeeded", "failed", "unknown"]
CountsFrom = Literal["printed", "table", "total", "unknown"]


@dataclass(frozen=True)
class Size:
    """A size as it was printed: the compiler rounds to two digits behind the point.

    Attributes:
        printed: Such as `6.08MiB`.
        value_bytes: The printed number in bytes.
        rounding_bytes: How far the true size may lie from it, up or down; 0 for plain bytes.
    """

    printed: str
    value_bytes: int
    rounding_bytes: int


@dataclass(frozen=True)
class Row:
    """One line of the operator table.

    Attributes:
        op: Builtin name such as `CONV_2D`; `CUSTOM` for custom operators.
        count: Operators of that name and status.
        status: In the compiler's words, such as `Mapped to Edge TPU`.
    """

    op: str
    count: int
    status: str

    @property
    def is_mapped(self) -> bool:
        """Whether these operators run on the Edge TPU; a status cut off in a copy counts, too."""
        status = self.status.lower()
        whole = MAPPED.lower()
        return status.startswith(whole) or (
            status.startswith("mapped") and whole.startswith(status)
        )


@dataclass(frozen=True)
class ModelOutput:
    """What is said of one compiled model; None where nothing is said.

    Attributes:
        input_path: As printed.
        input_size: Of that file.
        output_path: As printed.
        output_size: Of that file.
        on_chip_available: On-chip memory for parameters; printed up to version 2.0.
        on_chip_used: On-chip memory that holds parameters.
        on_chip_remaining: On-chip memory left; printed from version 2.1 on.
        off_chip: Parameters that are streamed at each inference.
        subgraphs: Parts that run on the Edge TPU.
        total_ops: Operators of the model.
        edgetpu_ops: Of these, on the Edge TPU.
        cpu_ops: Of these, on the CPU.
        counts_from: Where the two counts come from: `printed`, the `table`, or the `total`, as the
            compiler prints no counts where every operator is mapped.
        log_path: Of the file with the table, as printed.
        rows: The table; empty if there is none.
    """

    input_path: str | None = None
    input_size: Size | None = None
    output_path: str | None = None
    output_size: Size | None = None
    on_chip_available: Size | None = None
    on_chip_used: Size | None = None
    on_chip_remaining: Size | None = None
    off_chip: Size | None = None
    subgraphs: int | None = None
    total_ops: int | None = None
    edgetpu_ops: int | None = None
    cpu_ops: int | None = None
    counts_from: CountsFrom = "unknown"
    log_path: str | None = None
    rows: tuple[Row, ...] = ()


@dataclass(frozen=True)
class Failure:
    """Why a model was not compiled.

    Attributes:
        text: In the compiler's words.
        cause: In ours, one line.
        remedy: What to change, one line.
        source: Where that is known from, such as `google-coral/edgetpu#439`; empty if nowhere.
    """

    text: str
    cause: str
    remedy: str
    source: str


@dataclass(frozen=True)
class Attempt:
    """One try: the search for a delegate makes several, each with fewer operators.

    Attributes:
        ops: Operators that it tried to map; None outside a search.
        intermediate_tensors: Where it cut the model; empty for the first try.
        timeout_s: The compiler's own limit; None before version 16.
        compile_ms: Time that it took; None if it failed.
        said: Whether it succeeded, by the text.
        models: Several if they were compiled together.
        failures: Empty unless it failed.
    """

    ops: int | None = None
    intermediate_tensors: tuple[str, ...] = ()
    timeout_s: int | None = None
    compile_ms: int | None = None
    said: Said = "unknown"
    models: tuple[ModelOutput, ...] = ()
    failures: tuple[Failure, ...] = ()


@dataclass(frozen=True)
class CompilerOutput:
    """One output or log file, read in full.

    Attributes:
        version: Such as `16.0.384591198`; None if the text does not say.
        search_step: Operators that the search for a delegate drops at a time; None without search.
        attempts: Every try, in order.
        final: The last try for each segment of the model: those that count.
        said: `succeeded` only if every one of them did.
        warnings: The compiler's own.
        errors: Lines that begin with `ERROR:` or say what failed, each once.
    """

    version: str | None = None
    search_step: int | None = None
    attempts: tuple[Attempt, ...] = ()
    final: tuple[Attempt, ...] = ()
    said: Said = "unknown"
    warnings: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()

    @property
    def models(self) -> tuple[ModelOutput, ...]:
        """Every compiled model: one, one for each segment, or those compiled together."""
        return tuple(model for attempt in self.final for model in attempt.models)

    @property
    def failures(self) -> tuple[Failure, ...]:
        """Why the tries that count failed, each reason once."""
        found = (failure for attempt in self.final for failure in attempt.failures)
        return tuple(dict.fromkeys(found))

    @property
    def timeout_s(self) -> int | None:
        """The compiler's own time limit, if it names one."""
        limits = [attempt.timeout_s for attempt in self.attempts if attempt.timeout_s is not None]
        return limits[-1] if limits else None

    @property
    def compile_ms(self) -> int | None:
        """Time that the tries took that count; None if none says."""
        times = [attempt.compile_ms for attempt in self.final if attempt.compile_ms is not None]
        return sum(times) if times else None

    @property
    def edgetpu_ops(self) -> int | None:
        """Operators on the Edge TPU in all models; None if one does not say."""
        return _sum([model.edgetpu_ops for model in self.models])

    @property
    def cpu_ops(self) -> int | None:
        """Operators on the CPU in all models; None if one does not say."""
        return _sum([model.cpu_ops for model in self.models])


def _sum(counts: list[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return sum(known) if known and len(known) == len(counts) else None
