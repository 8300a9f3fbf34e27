"""The JSON contract of `coralexp inspect`, version 1.

Names keep their meaning for as long as `schema` is 1; new ones may be added. Its JSON Schema is the
file `inspection.schema.json` beside this module. What cannot be known of a file is null; NaN and
infinity do not occur. Bytes, multiplications and milliseconds are of one inference.

    schema             1
    file, sha256       the file as it was named; its digest
    kind               `source`, or `compiled` if the Edge TPU compiler wrote it
    accepted           whether the compiler would take the model, or did
    rejections         why it would not: `text` in its words (null if they are not
                       known), `reason` in ours, `advice`
    operators          of the main subgraph, in the order of execution:
        index, op, version
        placement      `edgetpu`, `cpu` or `unknown`
        status         in the compiler's words; null where no evidence tells, where the whole model
                       is refused, and in a compiled file for what was left on the CPU
        reason, advice in ours; empty if there is nothing to say
        macs           null for what the compiler made
        parameter_bytes, activation_bytes
    edgetpu_ops, cpu_ops, unknown_ops
                       of the operators above; in a compiled file one may stand for many
    mapped_ratio       share of the model's operators on the Edge TPU; for a compiled file 1 if
                       nothing was left on the CPU, else null: executables tell no operators
    macs               null for a compiled file
    parameter_bytes    of constants; in a compiled file as the executables hold them, with padding
    on_chip_bytes      parameters that stay on the chip; null if it cannot run the model
    off_chip_bytes     parameters that every inference sends to it
    input_bytes, output_bytes
    latency            device to null where the chip cannot run the model or its time is not known,
                       else to:
        ms, low_ms, high_ms
                       a steady inference, and the ends of its 90 % interval
        first_ms       the first one, which uploads the parameters; null if unknown
        source         `measured` or `estimated`
        warnings       where the chip does not pay, a sentence each
        spans          what `ms` is made of, in order: `label`, `operator` (an index, or null),
                       `where` (`link`, `edgetpu` or `cpu`), `ms`, `bound` (what the time goes into)

Of compiled files only:

    executables        `type`, `cached_parameter_bytes`, `streamed_parameter_bytes`,
                       `instruction_bytes`, `input_bytes`, `output_bytes`, `scratch_bytes`
    minimum_runtime    version of the runtime that it needs
    compiler           as it names itself

With `--tensors`:

    tensors            of every subgraph: `subgraph`, `index`, `name`, `shape` (-1 for a size that
                       only the run tells), `dtype`, `bytes`, `constant`, `scale`, `zero_point`,
                       `real_min`, `real_max` (real values that its integers span), `per_channel`
                       (null, or `axis`, `scales`, `scale_min`, `scale_max`; then `scale` is null,
                       and `zero_point` is that of all channels, or null if they differ)
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from coralexp.tflite.real_range import real_range

if TYPE_CHECKING:
    from coralexp.edgetpu.executable import Executable
    from coralexp.edgetpu.inspection import InspectedOperator, Inspection
    from coralexp.edgetpu.latency.contract import Latency, Span
    from coralexp.tflite.graph import Tensor

SCHEMA = 1

Value = str | int | float | bool | None | list["Value"] | dict[str, "Value"]
Record = dict[str, Value]


def record(inspection: Inspection, *, tensors: bool = False) -> Record:
    """Return what is known of a file under public names, as plain values.

    Args:
        inspection: What is known.
        tensors: Whether the tensors are told, too.
    """
    told: Record = {
        "schema": SCHEMA,
        "file": str(inspection.model.path),
        "sha256": inspection.sha256,
        "kind": inspection.kind,
        "accepted": inspection.accepted,
        "rejections": [
            {"text": each.text or None, "reason": each.reason, "advice": each.advice}
            for each in inspection.placement.rejections
        ],
        "operators": [operator_record(operator) for operator in inspection.operators],
        "edgetpu_ops": inspection.count("edgetpu"),
        "cpu_ops": inspection.count("cpu"),
        "unknown_ops": inspection.count("unknown"),
        "mapped_ratio": inspection.mapped_ratio,
        "macs": inspection.macs,
        "parameter_bytes": inspection.parameter_bytes,
        "on_chip_bytes": inspection.on_chip_bytes,
        "off_chip_bytes": inspection.off_chip_bytes,
        "input_bytes": inspection.input_bytes,
        "output_bytes": inspection.output_bytes,
        "latency": {
            device: None if latency is None else _latency(latency)
            for device, latency in inspection.latencies.items()
        },
    }
    if inspection.compiled is not None:
        told["executables"] = [_executable(each) for each in inspection.executables]
        told["minimum_runtime"] = inspection.compiled.minimum_runtime
        told["compiler"] = inspection.compiled.compiler
    if tensors:
        told["tensors"] = [
            {"subgraph": number, "index": index} | tensor_record(tensor)
            for number, graph in enumerate(inspection.model.subgraphs)
            for index, tensor in enumerate(graph.tensors)
        ]
    return told


def operator_record(operator: InspectedOperator) -> Record:
    """Return an operator under public names."""
    placed = operator.placed
    return {
        "index": placed.index,
        "op": placed.op,
        "version": placed.version,
        "placement": placed.placement,
        "status": placed.status or None,
        "reason": placed.reason,
        "advice": placed.advice,
        "macs": operator.macs,
        "parameter_bytes": operator.parameter_bytes,
        "activation_bytes": operator.activation_bytes,
    }


def tensor_record(tensor: Tensor) -> Record:
    """Return a tensor under public names."""
    quantization = tensor.quantization
    span = real_range(tensor)
    single = quantization is not None and len(quantization.scales) == 1
    zeros = set() if quantization is None else set(quantization.zero_points)
    return {
        "name": tensor.name,
        "shape": list(tensor.shape),
        "dtype": tensor.dtype,
        "bytes": tensor.size_bytes,
        "constant": tensor.is_constant,
        "scale": _finite(quantization.scales[0]) if quantization and single else None,
        "zero_point": zeros.pop() if len(zeros) == 1 else None,
        "real_min": None if span is None else _finite(span[0]),
        "real_max": None if span is None else _finite(span[1]),
        "per_channel": None
        if quantization is None or single
        else {
            "axis": quantization.axis,
            "scales": len(quantization.scales),
            "scale_min": _finite(min(quantization.scales)),
            "scale_max": _finite(max(quantization.scales)),
        },
    }


def _latency(latency: Latency) -> Record:
    return {
        "ms": _finite(latency.ms),
        "low_ms": _finite(latency.low_ms),
        "high_ms": _finite(latency.high_ms),
        "first_ms": _finite(latency.first_ms),
        "source": latency.source,
        "warnings": list(latency.warnings),
        "spans": [_span(span) for span in latency.spans],
    }


def _span(span: Span) -> Record:
    return {
        "label": span.label,
        "operator": span.operator,
        "where": span.where,
        "ms": _finite(span.ms),
        "bound": span.bound,
    }


def _executable(executable: Executable) -> Record:
    return {
        "type": executable.type,
        "cached_parameter_bytes": executable.cached_parameter_bytes,
        "streamed_parameter_bytes": executable.streamed_parameter_bytes,
        "instruction_bytes": executable.instruction_bytes,
        "input_bytes": executable.input_bytes,
        "output_bytes": executable.output_bytes,
        "scratch_bytes": executable.scratch_bytes,
    }


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None
