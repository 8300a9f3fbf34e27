"""Each known failure text is told with its cause and what helps."""

from __future__ import annotations

from itertools import starmap

import pytest

from coralexp.edgetpu.compiler.failure_list import GENERAL, KNOWN
from coralexp.edgetpu.compiler.log import read_log

V16 = "Edge TPU Compiler version 16.0.384591198\n"
TEXTS = {
    "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '6'. An older": "CONV_2D version 6",
    "ERROR: Didn't find op for builtin opcode 'REVERSE_V2' version '3'\n": "REVERSE_V2 version 3",
    "ERROR: Op builtin_code out of range: 150. Are you using\nERROR: Registration failed.": "GELU",
    "ERROR: Op builtin_code out of range: 9999.\nERROR: Registration failed.": "builtin code 9999",
    "Model could not be parsed ERROR: Did not get operators, tensors, or buffers in subgraph 0.": (
        "Subgraph 0 of the file is incomplete"
    ),
    "ERROR: :344 no_integer_overflow_from_quantization was not true.\n"
    "ERROR: Node number 31 (CONV_2D) failed to prepare.\n"
    "Compilation failed: Model failed in Tflite interpreter.": "integers would overflow",
    "ERROR: Encountered unresolved custom op: edgetpu-custom-op.\nCompilation failed!": (
        "compiled for the Edge TPU already"
    ),
    "ERROR: Encountered unresolved custom op: Flex-Erf.v2.\nCompilation failed!": (
        "Flex-Erf.v2 is a custom operator"
    ),
    "ERROR: Regular TensorFlow ops are not supported by this interpreter. Make sure\n"
    "ERROR: Node number 1 (FlexErf) failed to prepare.\nCompilation failed!": "full TensorFlow",
    "Error opening file for writing: out/m_edgetpu.tflite\nInternal compiler error. Aborting!": (
        "could not write out/m_edgetpu.tflite"
    ),
    "The number of lists given to intermediate_tensors doesn't match the number of input models.": (
        "holds a colon"
    ),
    "/usr/bin/edgetpu_compiler: line 3:  1531 Segmentation fault      (core dumped) ${d}/x": (
        "crashed"
    ),
    "libc++abi: terminating with uncaught exception of type std::out_of_range: vector\n"
    "Compilation child process completed within timeout period.\nCompilation failed! ": (
        "std::out_of_range: vector"
    ),
    "Compilation child process did not complete within timeout period.\nCompilation failed!": (
        "own time limit"
    ),
    "ERROR: Node number 4 (REVERSE_V2) failed to prepare.\nCompilation failed!": (
        "operator 4, REVERSE_V2"
    ),
    "Compilation failed: Internal error.\nCompilation failed!": "inside on a part",
    "Internal compiler error. Aborting! ": "failed inside",
    "Compilation failed: Model failed in Tflite interpreter. Please": "cannot run the model",
    "ERROR: Restored original execution plan after delegate application failure.\n"
    "Compilation failed!": "could not be built",
    "ERROR: Registration failed.\n": "cannot read the file",
    "Invalid model: m.tflite\n": "does not take the file",
}


@pytest.mark.parametrize(("text", "cause"), TEXTS.items(), ids=list(TEXTS.values()))
def test_a_failure_text_has_its_cause(text: str, cause: str) -> None:
    output = read_log(V16 + text)

    assert output.said == "failed"
    assert cause in output.failures[0].cause


def test_a_version_gate_names_each_operator_once() -> None:
    line = "ERROR: Didn't find op for builtin opcode '{}' version '{}'. An older version\n"
    text = V16 + "".join(starmap(line.format, [("ADD", 9), ("MUL", 8), ("ADD", 9)]))

    assert [failure.cause[:13] for failure in read_log(text).failures] == [
        "ADD version 9",
        "MUL version 8",
    ]


def test_an_old_compiler_is_the_first_thing_to_change() -> None:
    text = "ERROR: Didn't find op for builtin opcode 'CONV_2D' version '5'"

    old = read_log(f"Edge TPU Compiler version 14.1.317412892\n{text}").failures[0]
    new = read_log(V16 + text).failures[0]

    assert old.remedy.startswith("Use compiler 16")
    assert not new.remedy.startswith("Use compiler 16")


def test_what_accompanies_a_known_failure_is_not_told_beside_it() -> None:
    text = (
        f"{V16}ERROR: Didn't find op for builtin opcode 'EXP' version '2'. An older\n\n"
        "ERROR: Registration failed.\n\nInvalid model: m.tflite\nModel could not be parsed\n"
    )

    assert len(read_log(text).failures) == 1


def test_a_text_on_one_line_is_read() -> None:
    text = (
        "Edge TPU Compiler version 14.1.317412892 Invalid model: /content/m.tflite "
        "Model could not be parsed ERROR: Didn't find op for builtin opcode 'CONV_2D' version '5' "
        "ERROR: Registration failed."
    )

    output = read_log(text)

    assert output.version == "14.1.317412892"
    assert "CONV_2D version 5" in output.failures[0].cause


def test_a_failure_without_a_reason_gives_general_advice() -> None:
    text = (
        f"{V16}Started a compilation timeout timer of 5 seconds.\n"
        "Compilation child process completed within timeout period.\nCompilation failed!_\n"
    )

    (failure,) = read_log(text).failures

    assert failure.text == ""
    assert failure.cause == "The compiler failed without giving a reason."
    assert "search_delegate=true" in failure.remedy


def test_an_unknown_reason_is_quoted() -> None:
    text = f"{V16}ERROR: something new\nCompilation failed!\n"

    (failure,) = read_log(text).failures

    assert failure.text == "ERROR: something new"
    assert failure.cause == "The compiler failed and gives no known reason."


@pytest.mark.parametrize("known", [*KNOWN, *GENERAL], ids=lambda known: known.pattern.pattern[:40])
def test_cause_and_remedy_are_sentences_on_one_line_with_a_source(known) -> None:
    for words in (known.cause, known.remedy):
        assert words.endswith(".")
        assert "\n" not in words
        assert words[0].isupper() or words[0] == "{"
    assert known.source
