"""The list of failure texts, each with cause, remedy and the public place that tells of it.

Facts are carried over from those places; words are ours. `GENERAL` holds what accompanies other
failures: it is told only where nothing of `KNOWN` is found.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True)
class Known:
    """One text that is known.

    Attributes:
        pattern: Named groups may stand in `cause` and `remedy`, in braces; `code` is a builtin
            operator code.
        cause: One line.
        remedy: One line.
        source: Where the text and what helps against it are published.
        is_version_gate: Whether a newer compiler may know the operator.
        ends: Whether the text alone tells that there is no compiled model.
    """

    pattern: re.Pattern[str]
    cause: str
    remedy: str
    source: str
    is_version_gate: bool = False
    ends: bool = False


def _known(
    pattern: str,
    cause: str,
    remedy: str,
    source: str,
    *,
    is_version_gate: bool = False,
    ends: bool = False,
) -> Known:
    compiled = re.compile(pattern, re.IGNORECASE)
    return Known(compiled, cause, remedy, source, is_version_gate, ends)


KNOWN = (
    _known(
        r"Didn.t find op for builtin opcode .(?P<op>[A-Z][A-Z0-9_]*). version .(?P<version>\d+).",
        "{op} version {version} is newer than this compiler, which refuses the whole model for it.",
        "Convert with TensorFlow 2.8 or older, or with converter.experimental_new_converter = "
        "False, or replace {op} in the model.",
        "google-coral/edgetpu#631, #845, #879, #434; google-coral/libedgetpu#71",
        is_version_gate=True,
    ),
    _known(
        r"Op builtin_code out of range: (?P<code>\d+)",
        "The operator {code} is newer than this compiler, which refuses the whole model for it.",
        "Replace the operator in the model by older ones, such as GELU by RELU.",
        "ultralytics and vision-transformer export notes; tensorflow/lite schema.fbs",
        is_version_gate=True,
    ),
    _known(
        r"Model not quantized",
        "The model is not fully quantized: some tensor is float, or the batch size is open.",
        "Quantize every tensor to 8 bits after training with calibration images (quant=ptq), and "
        "fix the batch size to 1 before conversion.",
        "google-coral/edgetpu#313, #168, #213, #222, #238, #391",
    ),
    _known(
        r"Did not get operators, tensors, or buffers in subgraph (?P<subgraph>\d+)",
        "Subgraph {subgraph} of the file is incomplete: the conversion went wrong.",
        "Convert the model again, and run it in TensorFlow Lite before compiling.",
        "tensorflow/tensorflow#43288",
    ),
    _known(
        r"delegate that only supports static-sized tensors",
        "A tensor has a size that only the run tells: open batch, control flow, or shapes that are "
        "computed.",
        "Fix every size: convert a concrete function with a fixed input shape and batch 1, without "
        "loops or computed shapes.",
        "google-coral/edgetpu#829, #831; tensorflow/tensorflow#51467, #57905, #88361",
    ),
    _known(
        r"(?:Compilation failed due to )?large activation tensors(?: in model)?",
        "An intermediate result is too large for the memory of the chip.",
        "Use a smaller input, or search_delegate=true, or cut the model before it with "
        "intermediate_tensors, or split it with num_segments.",
        "google-coral/edgetpu#439, #449, #608, #653",
    ),
    _known(
        r"no_integer_overflow_from_quantization was not true",
        "A quantization scale is extreme, so that integers would overflow: a channel is nearly "
        "constant, or was calibrated badly.",
        "Calibrate with more images that look like the real ones, or train again without channels "
        "that died.",
        "google-coral/edgetpu#453",
    ),
    _known(
        r"Encountered unresolved custom op: edgetpu-custom-op",
        "The model is compiled for the Edge TPU already.",
        "Give the compiler the .tflite file from before compilation.",
        "google-coral/project-posenet#75",
    ),
    _known(
        r"Encountered unresolved custom op: (?P<op>(?!edgetpu-custom-op)[\w./-]*\w)",
        "{op} is a custom operator, which the compiler does not know.",
        "Take {op} out of the model and compute it after inference, or write it with builtin "
        "operators.",
        "google-coral/edgetpu compiler output of a model with Atan (public README)",
    ),
    _known(
        r"(?:Regular|Select) TensorFlow op[^\n]{0,90} supported by this interpreter",
        "The model holds operators of full TensorFlow, which the compiler does not know.",
        "Convert with TFLITE_BUILTINS_INT8 alone, without SELECT_TF_OPS.",
        "tensorflow.org/lite/guide/ops_select",
    ),
    _known(
        r"Error opening file for writing: (?P<path>[^\n]*)",
        "The compiler could not write {path}.",
        "Create the output folder, make it writable, and check that the disk is not full.",
        "google-coral/edgetpu#400",
        ends=True,
    ),
    _known(
        r"number of lists given to intermediate_tensors doesn.t match",
        "A name in intermediate_tensors holds a colon, which the compiler takes for the start of "
        "the next model's list.",
        "Rename the tensor in the model, or use search_delegate=true instead.",
        "google-coral/edgetpu#778",
        ends=True,
    ),
    _known(
        r"Segmentation fault",
        "The compiler crashed.",
        "Compile again with search_delegate=true and without num_segments; split very large "
        "fully-connected layers.",
        "google-coral/edgetpu#482, #643, #669, #811; google-coral/libcoral split_fc",
    ),
    _known(
        r"terminating with uncaught exception of type (?P<what>[^\n]+)",
        "The compiler stopped on an error of its own ({what}).",
        "Check that every tensor is 8-bit, then try search_delegate=true.",
        "google-coral/edgetpu#4, #728",
    ),
    _known(
        r"Package requires runtime version \((?P<needed>\d+)\), which is newer than this runtime "
        r"version \((?P<here>\d+)\)",
        "The file was compiled for Edge TPU runtime {needed}; the device has runtime {here}.",
        "Update the runtime on the device, or compile with min_runtime={here}.",
        "google-coral/edgetpu#435",
    ),
    _known(
        r"Compilation child process (?!completed within timeout period)\S[^\n]*",
        "The compilation did not end within the compiler's own time limit.",
        "Give it more time with a larger timeout_s, or a larger delegate_search_step.",
        "google-coral/edgetpu#270 (no published output has the exact words)",
        ends=True,
    ),
    _known(
        r"Exec format error|cannot execute binary file",
        "The compiler is built for another processor than this machine's.",
        "Compile on an x86-64 machine, or use machine.compiler=docker:<image> with emulation.",
        "coral.ai/docs/edgetpu/compiler",
        ends=True,
    ),
)

GENERAL = (
    _known(
        r"Node number (?P<node>\d+) \((?P<op>[^)\n]+)\) failed to prepare",
        "TensorFlow Lite cannot prepare operator {node}, {op}.",
        "Run the .tflite file in TensorFlow Lite first: it names what is wrong with {op}.",
        "google-coral/edgetpu#453, #464",
    ),
    _known(
        r"Compilation failed: Internal error",
        "The compiler failed inside on a part of the model.",
        "Try search_delegate=true, multiple_subgraphs=false, or cut the model with "
        "intermediate_tensors.",
        "google-coral/edgetpu#778",
    ),
    _known(
        r"Internal compiler error",
        "The compiler failed inside; it does so for layers that are too large, for some weights, "
        "and now and then by chance.",
        "Compile again; if it stays, make the largest layers or the input smaller, or use another "
        "version of the compiler.",
        "google-coral/edgetpu#49, #92, #157, #189, #206, #211, #309, #337, #358",
    ),
    _known(
        r"Model failed in Tflite interpreter",
        "TensorFlow Lite cannot run the model that was given.",
        "Run the .tflite file in TensorFlow Lite first, and convert it again if that fails.",
        "google-coral/edgetpu#829",
    ),
    _known(
        r"Restored original execution plan after delegate application failure",
        "The part for the Edge TPU could not be built.",
        "Try search_delegate=true, or cut the model with intermediate_tensors.",
        "google-coral/edgetpu#439, #778",
    ),
    _known(
        r"Model could not be parsed|Registration failed",
        "The compiler cannot read the file: it is damaged, or newer than the compiler.",
        "Convert again with TensorFlow 2.8 or older, and run the file in TensorFlow Lite.",
        "google-coral/edgetpu#631; tensorflow/tensorflow#43288",
    ),
    _known(
        r"Invalid model: (?P<path>[^\n]*)",
        "The compiler does not take the file for a TensorFlow Lite model that it can compile.",
        "Check the path, and that the file is a fully quantized .tflite from before compilation.",
        "google-coral/edgetpu#313",
    ),
)
