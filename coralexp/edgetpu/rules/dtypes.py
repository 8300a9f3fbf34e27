"""Rules on the types of the tensors that are computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.rules.contract import DATA_TYPE, UNSPECIFIED, rule

if TYPE_CHECKING:
    from coralexp.edgetpu.rules.step import Step

EIGHT_BIT = frozenset({"int8", "uint8"})


def writes_8_bit(step: Step) -> bool | None:
    """The tensor that an operator writes first is int8 or uint8."""
    written = step.output()
    return None if written is None else written.dtype in EIGHT_BIT


def reads_8_bit(step: Step) -> bool:
    """Every computed tensor that an operator reads is int8 or uint8."""
    return all(tensor.dtype in EIGHT_BIT for tensor in step.computed())


WRITES = rule(
    writes_8_bit,
    DATA_TYPE,
    "quantize it to int8; at the model's end set inference_output_type=tf.uint8 (or tf.int8), "
    "elsewhere leave the operation to the program that reads the output",
    # One explanation for what was seen: DEQUANTIZE and detection post-processing (both write
    # float32) and ARG_MIN (int64) have this status, while TOPK_V2, whose first output is int8,
    # is "not supported", and QUANTIZE from float32 has the status of `reads_8_bit`.
    source="google-coral/edgetpu#708, #490; operator logs of compilers 15 and 16",
)
READS = rule(
    reads_8_bit,
    UNSPECIFIED,
    "at the model's input set inference_input_type=tf.uint8 (or tf.int8), so that it takes "
    "integers; inside it, replace the operator before, which has no integer form",
    source="f0cal/google-coral#20; operator logs of compilers 15 and 16",
)
