"""What makes the compiler refuse a whole model, beside operators that are too new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.placement import Rejection
from coralexp.edgetpu.rules.constants import SHAPING
from coralexp.edgetpu.rules.dtypes import EIGHT_BIT
from coralexp.edgetpu.rules.step import Step, described, is_computed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coralexp.tflite.graph import Graph, ModelFile, Operator

COMPILED = "edgetpu-custom-op"
# What the interpreter of TensorFlow Lite 2.5 registers by itself, and what Coral adds to it:
# the compiler took models with post-processing and with PoseNet's decoder (google-coral/test_data).
_KNOWN_CUSTOM = frozenset(
    {
        "TFLite_Detection_PostProcess",
        "PosenetDecoderOp",
        "AudioSpectrogram",
        "Mfcc",
        "NumericVerify",
    }
)
_CONTROL_FLOW = frozenset({"IF", "WHILE"})
_COUNTING = frozenset({"UNIQUE", "WHERE", "NON_MAX_SUPPRESSION_V4", "NON_MAX_SUPPRESSION_V5"})

_LONGEST_NAME = 200  # in a sentence
_NOT_QUANTIZED = "Model not quantized"
_NO_OPERATORS = "Did not get operators, tensors, or buffers in subgraph 0."
_DYNAMIC = (
    "ERROR: Attempting to use a delegate that only supports static-sized tensors with a graph that "
    "has dynamic-sized tensors."
)
_UNRESOLVED = "ERROR: Encountered unresolved custom op: {name}."
_FLEX = (
    "ERROR: Regular TensorFlow ops are not supported by this interpreter. Make sure you apply/link "
    "the Flex delegate before inference."
)


def model_rejections(model: ModelFile) -> Iterator[Rejection]:
    """Yield why the compiler refuses a model: nothing in it, custom operators, types, sizes."""
    if not model.main.operators:
        yield Rejection(
            _NO_OPERATORS,
            "The model has no operators.",
            "convert the model again, and look for errors of the converter",
        )
        return
    yield from _custom_rejections(model)
    if not any(is_compiled(operator) for operator in model.main.operators):
        yield from _unquantized(model.main)
    yield from _dynamic(model.main)


def is_compiled(operator: Operator) -> bool:
    """Return whether an operator is one that the compiler made."""
    return operator.is_custom and operator.name == COMPILED


def _custom_rejections(model: ModelFile) -> Iterator[Rejection]:
    custom = {
        operator.name: operator
        for graph in model.subgraphs
        for operator in graph.operators
        if operator.is_custom and operator.name not in _KNOWN_CUSTOM
    }
    for name, operator in custom.items():
        if is_compiled(operator):
            yield Rejection(
                "",  # no public log shows what the compiler says
                "The model is compiled for the Edge TPU already.",
                "give the model as it was before edgetpu_compiler, without _edgetpu in its name",
            )
        elif name.startswith("Flex"):
            yield Rejection(
                _FLEX,
                f"{name} is an operator of TensorFlow, not of TensorFlow Lite.",
                "convert with TFLITE_BUILTINS_INT8 alone, without SELECT_TF_OPS, and replace what "
                "the converter then refuses",
            )
        else:
            yield Rejection(
                _UNRESOLVED.format(name=name),
                f"{name} is a custom operator that the compiler does not know.",
                "end the model before it, and compute it in the program that reads the output",
            )


def _unquantized(graph: Graph) -> Iterator[Rejection]:
    """Any computed tensor of 8 bits with a scale makes a model a quantized one.

    Partly quantized models were compiled (real-valued ends, real-valued operators in the middle);
    those whose weights alone are integers, or nothing, were refused: google-coral/edgetpu#168,
    #213, #238, #313.
    """
    written = [tensor for each in graph.operators for tensor in Step(graph, each).outputs()]
    if any(tensor.dtype in EIGHT_BIT and tensor.quantization for tensor in written):
        return
    dtypes = sorted({tensor.dtype for tensor in written}) or ["nothing"]
    if dtypes == ["float32"] and any(
        tensor.dtype == "int8" and tensor.quantization for tensor in graph.tensors
    ):
        kind = "Only the weights are integers; the operators write float32."
    else:
        kind = f"No operator writes int8 or uint8 with a scale; they write {', '.join(dtypes)}."
    yield Rejection(
        _NOT_QUANTIZED,
        kind,
        "quantize weights and activations to int8: a representative dataset and "
        "supported_ops=[TFLITE_BUILTINS_INT8] (quant=ptq or quant=qat)",
    )


def _dynamic(graph: Graph) -> Iterator[Rejection]:
    """Sizes that only the run tells: google-coral/edgetpu#829, #831."""
    reason = _unknown_input(graph) or _unknown_output(graph)
    if reason:
        yield Rejection(
            _DYNAMIC,
            reason,
            "convert from a tf.function with a fixed signature such as [1, height, width, "
            "channels] (batch 1), without loops and without shapes that the graph computes",
        )


def _unknown_input(graph: Graph) -> str:
    for index in graph.inputs:
        tensor = graph.tensors[index] if 0 <= index < len(graph.tensors) else None
        if tensor is not None and any(size < 0 for size in tensor.shape):
            return f"Input '{tensor.name[:_LONGEST_NAME]}' is {described(tensor)}: -1 is not fixed."
    return ""


def _unknown_output(graph: Graph) -> str:
    for operator in graph.operators:
        step = Step(graph, operator)
        if operator.name in _CONTROL_FLOW | _COUNTING and not operator.is_custom:
            return f"Only the run tells the sizes of what {operator.name} writes."
        given = [step.input(place) for place in SHAPING.get(operator.name, ())]
        if any(tensor is not None and is_computed(tensor) for tensor in given):
            return f"{operator.name} (operator {operator.index}) computes the shape of its output."
        for tensor in step.outputs():
            if any(size < 0 for size in tensor.shape):
                return f"'{tensor.name[:_LONGEST_NAME]}' is {described(tensor)}: -1 is not fixed."
    return ""
