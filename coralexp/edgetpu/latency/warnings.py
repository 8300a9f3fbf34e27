"""Where the chip does not pay, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from coralexp.edgetpu.latency.contract import Span
    from coralexp.edgetpu.latency.memory import Memory

_MUCH = 0.25  # share of an inference above which a part of it is worth a warning
_MIB = 2**20


def warnings_of(spans: Sequence[Span], memory: Memory, host_ms: float) -> tuple[str, ...]:
    """Return a sentence for each reason why the chip gains less than it could.

    Args:
        spans: Of one inference.
        memory: Where the parameters are.
        host_ms: Estimated time of the whole model on the host's processor.
    """
    return tuple(_sentences(spans, memory, host_ms))


def _sentences(spans: Sequence[Span], memory: Memory, host_ms: float) -> Iterator[str]:
    total_ms = sum(span.ms for span in spans)
    streamed_ms = sum(span.ms for span in spans if span.bound == "parameters streamed")
    if memory.off_chip_bytes:
        yield (
            f"{memory.off_chip_bytes / _MIB:.2f} MiB of parameters do not fit on the chip and are "
            f"sent with every inference ({streamed_ms:.1f} of {total_ms:.1f} ms): a smaller "
            f"network, or one a chip with the compiler's --num_segments, avoids it"
        )
    behind = [span for span in spans if span.where == "cpu"]
    behind_ms = sum(span.ms for span in behind)
    if behind_ms > _MUCH * total_ms:
        operators = "1 operator runs" if len(behind) == 1 else f"{len(behind)} operators run"
        yield f"{operators} on the CPU and take {behind_ms:.1f} of {total_ms:.1f} ms"
    output_ms = sum(span.ms for span in spans if span.label == "output")
    if output_ms > _MUCH * total_ms:
        yield (
            f"laying out the output takes {output_ms:.1f} of {total_ms:.1f} ms of the host: fewer "
            f"output values, or a larger share of the model on the chip, shorten it"
        )
    if host_ms < total_ms:
        yield (
            f"the host's processor alone would take about {host_ms:.2g} ms: the chip does not pay "
            f"for a model this small"
        )
