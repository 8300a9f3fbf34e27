"""The time of one inference, put together from the operators.

    t = fixed + input + instructions + sum of operators + output + the CPU's operators

Operators that need nothing of the CPU's in between are one invocation (`invocations`), with inputs,
instructions and outputs over the link. An operator takes the larger of its arithmetic, activations
included, and of sending the parameters that did not stay on the chip (`operator_time`, `memory`).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.edgetpu.latency.constants import fitted
from coralexp.edgetpu.latency.contract import Latency, Span
from coralexp.edgetpu.latency.invocations import invocations
from coralexp.edgetpu.latency.layout import three_channel_bytes
from coralexp.edgetpu.latency.memory import allocate, as_compiled
from coralexp.edgetpu.latency.operator_time import chip_ms, cpu_ms, instruction_bytes
from coralexp.edgetpu.latency.warnings import warnings_of
from coralexp.edgetpu.latency.work import work_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from coralexp.edgetpu.executable import CompiledFile
    from coralexp.edgetpu.latency.constants import Constants
    from coralexp.edgetpu.latency.memory import Memory
    from coralexp.edgetpu.latency.platform import Host, Platform
    from coralexp.edgetpu.latency.work import Work
    from coralexp.edgetpu.placement import Placement
    from coralexp.tflite.graph import Graph, Operator


def predict(
    graph: Graph,
    placement: Placement,
    platform: Platform,
    constants: Constants | None = None,
    *,
    compiled: CompiledFile | None = None,
) -> Latency | None:
    """Return the predicted time of one inference; None if no operator runs on the chip.

    Args:
        graph: Main subgraph of a model that is not compiled yet.
        placement: Of its operators. Those of which nobody knows are counted on the CPU; the lower
            end of the interval takes them for mapped.
        platform: Chip, link and host.
        constants: Those of `constants.json` if None.
        compiled: What the compiler made of the model, if it is known: then the bytes of
            instructions and of streamed parameters are its own.
    """
    known = constants or fitted()
    mapped = {o.index for o in placement.operators if o.placement == "edgetpu"}
    if not mapped:
        return None
    model = _Model(graph, mapped, platform, known, compiled)
    latency = model.latency()
    unknown = {o.index for o in placement.operators if o.placement == "unknown"}
    if unknown:
        best = _Model(graph, mapped | unknown, platform, known).latency()
        low_ms = min(latency.low_ms, best.low_ms)
        text = (
            f"{len(unknown)} operators are counted on the CPU because nobody knows where they run"
        )
        return Latency(
            latency.ms,
            low_ms,
            max(latency.high_ms, best.high_ms),
            "estimated",
            latency.first_ms,
            latency.spans,
            (*latency.warnings, text),
        )
    return latency


def host_ms(graph: Graph, host: Host, constants: Constants | None = None) -> float:
    """Return the estimated milliseconds of a model that runs on a host's processor alone.

    One thread of TensorFlow Lite as of 2019: today's is several times faster where XNNPACK has
    kernels, so this is the upper end of a time rather than its middle.
    """
    cpu = (constants or fitted()).cpu
    return sum(
        cpu_ms(operator, work_of(graph, operator), host.speed, cpu) for operator in graph.operators
    )


class _Model:
    def __init__(
        self,
        graph: Graph,
        mapped: set[int],
        platform: Platform,
        constants: Constants,
        compiled: CompiledFile | None = None,
    ) -> None:
        self.graph = graph
        self.mapped = mapped
        self.platform = platform
        self.constants = constants
        self.works: Mapping[int, Work] = {o.index: work_of(graph, o) for o in graph.operators}
        self.memory: Memory = allocate(self.works, sorted(mapped))
        self.told_bytes: int | None = None
        if compiled is not None:
            self.memory = as_compiled(self.memory, self.works, sorted(mapped), compiled)
            inference = (e for e in compiled.executables if e.type != "PARAMETER_CACHING")
            self.told_bytes = sum(executable.instruction_bytes for executable in inference)

    def latency(self) -> Latency:
        spans = tuple(self.spans())
        chip = sum(span.ms for span in spans if span.where != "cpu")
        cpu = sum(span.ms for span in spans if span.where == "cpu")
        link = self.platform.link
        factor = math.exp(
            math.hypot(math.log(self.constants.interval_factor), math.log(link.spread))
        )
        cpu_factor = self.constants.cpu_interval_factor
        upload_ms = self.memory.on_chip_bytes / (link.stream_mb_per_s * 1e3)
        return Latency(
            chip + cpu,
            chip / factor + cpu / cpu_factor,
            chip * factor + cpu * cpu_factor,
            "estimated",
            chip + cpu + link.fixed_ms + upload_ms,
            spans,
            warnings_of(spans, self.memory, self.host_alone_ms()),
        )

    def host_alone_ms(self) -> float:
        return sum(self.on_cpu(operator).ms for operator in self.graph.operators)

    def spans(self) -> Iterator[Span]:
        runs = invocations(self.graph, self.mapped)
        for operator in self.graph.operators:
            if operator.index not in self.mapped:
                yield self.on_cpu(operator)
            elif operator.index == runs[operator.index][0].index:  # the first of its invocation
                yield from self.invocation(runs[operator.index])

    def invocation(self, run: Sequence[Operator]) -> Iterator[Span]:
        link = self.platform.link
        inputs, outputs = self.ends(run)
        yield Span("invocation", None, "link", link.fixed_ms)
        yield _transfer("input", inputs, link.input_mb_per_s)
        code = self.code_bytes(run)
        yield _transfer("instructions", code, link.input_mb_per_s)
        for operator in run:
            streamed = self.memory.streamed.get(operator.index, 0)
            ms, bound = chip_ms(
                self.works[operator.index],
                streamed,
                link.stream_mb_per_s,
                self.platform.clock_mhz,
                self.constants.chip,
            )
            yield Span(operator.name, operator.index, "edgetpu", ms, bound)
        yield _transfer("output", outputs, link.output_mb_per_s)

    def code_bytes(self, run: Sequence[Operator]) -> float:
        """Return the bytes of instructions of a run; their share of what the compiler told."""
        chip = self.constants.chip
        ours = sum(instruction_bytes(self.works[operator.index], chip) for operator in run)
        if self.told_bytes is None:
            return ours
        whole = sum(instruction_bytes(self.works[index], chip) for index in self.mapped)
        return self.told_bytes * ours / whole if whole else 0.0

    def on_cpu(self, operator: Operator) -> Span:
        work = self.works[operator.index]
        ms = cpu_ms(operator, work, self.platform.host.speed, self.constants.cpu)
        return Span(operator.name, operator.index, "cpu", ms)

    def ends(self, run: Sequence[Operator]) -> tuple[int, float]:
        """Return the bytes that go into a run on the chip, and out of it, see `layout`."""
        graph = self.graph
        made = {index for operator in run for index in operator.outputs}
        read = {index for operator in run for index in operator.inputs if index >= 0} - made
        inside = {operator.index for operator in run}
        wanted = set(graph.outputs)
        for operator in graph.operators:
            if operator.index not in inside:
                wanted.update(operator.inputs)
        sent = [index for index in read if not graph.tensors[index].is_constant]
        given = [graph.tensors[index] for index in sorted(made & wanted)]
        return graph.bytes_of(sent), three_channel_bytes(given)


def _transfer(label: str, size_bytes: float, mb_per_s: float) -> Span:
    return Span(label, None, "link", size_bytes / (mb_per_s * 1e3))
