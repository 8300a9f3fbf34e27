"""Every recorded output is read in full, and so are the shapes in which people copy them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.compiler.log import read_log
from coralexp.edgetpu.compiler.output import Row

if TYPE_CHECKING:
    from pathlib import Path

V16 = "16.0.384591198"
V15 = "15.0.340273435"

# file: version, said, models as (total, on the Edge TPU, on the CPU, rows, where from), cause
RECORDED = {
    "01_logfile_v16_yolov5n_full": (V16, "succeeded", [(262, 262, 0, 11, "table")], None),
    "02_logfile_v16_yolov8n_160": (V16, "succeeded", [(257, 257, 0, 14, "table")], None),
    "04_logfile_v1_mobilenetv2": ("1.0.249710469", "succeeded", [(70, 70, 0, 7, "table")], None),
    "05_logfile_v16_mnist_lenet_partial": (V16, "succeeded", [(11, 9, 2, 7, "table")], None),
    "07_stdout_v15_yolov3tiny_one_subgraph": (
        V15,
        "succeeded",
        [(36, 2, 34, 9, "printed")],
        None,
    ),
    "08_stdout_v15_yolov5s_all_statuses": (
        V15,
        "succeeded",
        [(294, 1, 293, 18, "printed")],
        None,
    ),
    "10_fail_v16_unresolved_custom_op": (V16, "failed", [], "Atan is a custom operator"),
    "11_fail_v15_model_not_quantized": (V15, "failed", [], "not fully quantized"),
    "12_fail_v16_op_version_transpose_conv4": (V16, "failed", [], "TRANSPOSE_CONV version 4"),
    "14_fail_v16_dynamic_tensors": (V16, "failed", [], "size that only the run tells"),
    "15_fail_v16_large_activations": (V16, "failed", [], "too large for the memory"),
    "16_fail_v16_search_delegate_retries": (V16, "failed", [], "too large for the memory"),
    "18_fail_v15_internal_compiler_error": (V15, "failed", [], "failed inside"),
    "19_fail_v2_uncaught_exception": ("2.0.267685300", "failed", [], "std::out_of_range: vector"),
    "21_stdout_v15_min_runtime_11_zero_subgraphs": (
        V15,
        "succeeded",
        [(69, 0, 69, 0, "printed")],
        None,
    ),
    "23_stdout_v15_cocompiled_two_models": (
        V15,
        "succeeded",
        [(313, 313, 0, 0, "total"), (78, 78, 0, 0, "total")],
        None,
    ),
    "25_stdout_v16_transpose_first_1_of_191": (
        V16,
        "succeeded",
        [(191, 1, 190, 0, "printed")],
        None,
    ),
    "27_table_v2_misc_statuses": (None, "succeeded", [(3, 0, 3, 3, "table")], None),
    "29_stdout_v21_deeplab_rank": (
        "2.1.302470888",
        "succeeded",
        [(113, 26, 87, 3, "printed")],
        None,
    ),
}

SEGMENT = """Started a compilation timeout timer of {timeout} seconds.

Model compiled successfully in {ms} ms.

Input model: {name}.tflite
Input size: 5.20MiB
Output model: {name}_edgetpu.tflite
Output size: 6.51MiB
On-chip memory used for caching model parameters: 6.02MiB
On-chip memory remaining for caching model parameters: 1.02MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: {ops}
Operation log: {name}_edgetpu.log
See the operation log file for individual operation details.
Compilation child process completed within timeout period.
Compilation succeeded! 
"""  # noqa: W291 - the compiler prints that space
TOO_LARGE = """Started a compilation timeout timer of 180 seconds.
ERROR: Restored original execution plan after delegate application failure.
Compilation failed: Compilation failed due to large activation tensors in model.
Compilation child process completed within timeout period.
Compilation failed! 
"""  # noqa: W291 - the same
BANNER = f"Edge TPU Compiler version {V16}\n"


def segment(name: str = "m", ops: int = 84, ms: int = 1857, timeout: int = 180) -> str:
    return SEGMENT.format(name=name, ops=ops, ms=ms, timeout=timeout)


@pytest.mark.parametrize("name", RECORDED)
def test_a_recorded_output_is_read(logs: Path, name: str) -> None:
    version, said, models, cause = RECORDED[name]

    output = read_log((logs / f"{name}.txt").read_text("utf-8"))

    assert output.version == version
    assert output.said == said
    assert [
        (m.total_ops, m.edgetpu_ops, m.cpu_ops, len(m.rows), m.counts_from) for m in output.models
    ] == models
    if cause is None:
        assert output.failures == ()
    else:
        assert len(output.failures) == 1
        assert cause in output.failures[0].cause
        assert output.failures[0].remedy


def test_every_recorded_output_is_tested(logs: Path) -> None:
    assert sorted(path.stem for path in logs.glob("*.txt")) == sorted(RECORDED)


@pytest.mark.parametrize("name", RECORDED)
@pytest.mark.parametrize(
    "copied",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "".join(f"> {line}\n" for line in text.splitlines()),
        lambda text: f"user@host:~$ edgetpu_compiler -s m.tflite\n{text}",
        lambda text: f"```shell\n{text}```\n",
        lambda text: f"\ufeff\x1b[1m{text}\x1b[0m",
        lambda text: re.sub(r" {2,}", "\t", text),
        lambda text: re.sub(r"\n{2,}", "\n", text),
        lambda text: "".join(f"    {line}\n" for line in text.splitlines()),
    ],
    ids=["CRLF", "quoted", "prompt", "fence", "colours", "tabs", "no blank lines", "indented"],
)
def test_a_copy_says_the_same(logs: Path, name: str, copied) -> None:
    text = (logs / f"{name}.txt").read_text("utf-8")

    assert read_log(copied(text)) == read_log(text)


def test_sizes_are_kept_as_printed_with_their_rounding(logs: Path) -> None:
    (model,) = read_log(
        (logs / "07_stdout_v15_yolov3tiny_one_subgraph.txt").read_text("utf-8")
    ).models

    assert model.input_size is not None
    assert model.input_size.printed == "8.58MiB"
    assert model.input_size.value_bytes == 8_996_782
    assert model.input_size.rounding_bytes == 5_243  # half of 0.01 MiB
    assert model.on_chip_used is not None
    assert (model.on_chip_used.value_bytes, model.on_chip_used.rounding_bytes) == (3072, 6)
    assert model.off_chip is not None
    assert (model.off_chip.value_bytes, model.off_chip.rounding_bytes) == (0, 0)
    assert model.subgraphs == 1
    assert model.log_path == "/home/yolo/yolov3-tiny_int8_edgetpu.log"
    assert Row("LEAKY_RELU", 11, "Operation not supported") in model.rows


def test_a_search_gives_every_try(logs: Path) -> None:
    output = read_log((logs / "16_fail_v16_search_delegate_retries.txt").read_text("utf-8"))

    assert output.search_step == 1
    assert output.timeout_s == 180
    assert [attempt.ops for attempt in output.attempts] == [534, 533]
    assert output.attempts[1].intermediate_tensors == (
        "StatefulPartitionedCall:11",
        "StatefulPartitionedCall:0",
    )


def test_of_a_search_the_last_try_counts() -> None:
    text = (
        f"{BANNER}Searching for valid delegate with step 10\n"
        f"Try to compile segment with 322 ops\n{TOO_LARGE}"
        f"Try to compile segment with 312 ops\nIntermediate tensors: a,b;c\n{segment(ops=322)}"
    )

    output = read_log(text)

    assert output.said == "succeeded"
    assert output.failures == ()
    assert [attempt.said for attempt in output.attempts] == ["failed", "succeeded"]
    assert output.edgetpu_ops == 322
    assert len(output.final) == 1


@pytest.mark.parametrize("search", [False, True])
def test_segments_are_models_of_one_output(search: bool) -> None:
    names = [f"m_segment_{index}_of_3" for index in range(3)]
    start = "Searching for valid delegate with step 1\nTry to compile segment with 9 ops\n"

    output = read_log(
        BANNER + "".join((start if search else "") + segment(name, 9) for name in names)
    )

    assert output.said == "succeeded"
    assert [model.input_path for model in output.models] == [f"{name}.tflite" for name in names]
    assert output.edgetpu_ops == 27
    assert output.compile_ms == 3 * 1857


def test_segments_of_version_15_come_without_timers() -> None:
    names = ["m_segment_0_of_2", "m_segment_1_of_2"]
    texts = [segment(name).partition("\n")[2].rpartition("Compilation child")[0] for name in names]
    warning = "Warning: For the given model, you're creating more segments than is necessary"

    output = read_log(f"Edge TPU Compiler version {V15}\n{warning}\n{''.join(texts)}")

    assert len(output.models) == 2
    assert output.compile_ms == 2 * 1857
    assert output.warnings == (warning,)


def test_one_failed_segment_fails_the_model() -> None:
    output = read_log(BANNER + segment("m_segment_0_of_2") + TOO_LARGE)

    assert output.said == "failed"
    assert "too large" in output.failures[0].cause
    assert len(output.models) == 1


def test_models_compiled_together_by_version_16_are_told_apart() -> None:
    first = segment("a", 57).replace("Model compiled", "Models compiled")
    first = first.partition("Compilation child")[0]
    second = segment("b", 6).partition("ms.\n")[2]

    output = read_log(BANNER + first + second)

    assert [(model.input_path, model.edgetpu_ops) for model in output.models] == [
        ("a.tflite", 57),
        ("b.tflite", 6),
    ]
    assert len(output.final) == 1


def test_of_several_runs_the_last_one_counts() -> None:
    failed = "Edge TPU Compiler version 14.1.317412892\n\nInternal compiler error. Aborting! \n"

    assert read_log(f"{failed}$ edgetpu_compiler m.tflite\n{BANNER}{segment()}").said == "succeeded"
    assert read_log(f"{BANNER}{segment()}{failed}").said == "failed"
    assert len(read_log(failed * 5).failures) == 1


def test_log_files_one_after_another_are_as_many_models() -> None:
    log = (
        "{banner}Input: {name}.tflite\nOutput: {name}_edgetpu.tflite\n\n"
        "Operator                       Count      Status\n\n"
        "CONV_2D                        2          Mapped to Edge TPU\n\n"
    )

    output = read_log("".join(log.format(banner=BANNER, name=name) for name in ("m4", "m7")))

    assert [model.input_path for model in output.models] == ["m4.tflite", "m7.tflite"]
    assert output.edgetpu_ops == 4


def test_a_log_file_behind_the_output_gives_its_table_to_the_model() -> None:
    text = (
        f"{BANNER}{segment('m', 3)}\nhere is the log:\n\n{BANNER}Input: m.tflite\n"
        "Output: ./x/m_edgetpu.tflite\n\nOperator   Count   Status\n\n"
        "CONV_2D   2   Mapped to Edge TPU\nGELU   1   Operation not supported\n"
    )

    (model,) = read_log(text).models

    assert len(model.rows) == 2
    assert model.on_chip_used is not None


def test_the_oldest_outputs_tell_what_is_available_and_not_what_remains() -> None:
    text = segment().replace(
        "On-chip memory used for caching model parameters: 6.02MiB\n"
        "On-chip memory remaining for caching model parameters: 1.02MiB",
        "On-chip memory available for caching model parameters: 6.25MiB\n"
        "On-chip memory used for caching model parameters: 6.25MiB",
    )

    (model,) = read_log(f"Edge TPU Compiler version 2.0.291256449\n{text}").models

    assert model.on_chip_available == model.on_chip_used
    assert model.on_chip_remaining is None


def test_an_output_without_memory_lines_is_read() -> None:
    text = "\n".join(line for line in segment().split("\n") if "memory" not in line)

    (model,) = read_log(BANNER + text).models

    assert (model.on_chip_used, model.off_chip) == (None, None)
    assert model.edgetpu_ops == 84


def test_lines_that_lost_their_ends_are_parted() -> None:
    partly = (
        "Model successfully compiled but not all operations are supported by the Edge TPU.\n"
        "Number of operations that will run on Edge TPU: 1\n"
        "Number of operations that will run on CPU: 2\n"
        "Operator                       Count      Status\n"
        "DEPTHWISE_CONV_2D              1          Mapped to Edge TPU\n"
    )
    text = f"{BANNER}{segment(ops=3).partition('See the')[0]}{partly}"

    glued = re.sub(r"\n(?=Model|Input|Operator|DEPTH|On-chip)", "", text)

    assert "StatusDEPTHWISE_CONV_2D" in glued
    assert read_log(glued) == read_log(text)


def test_a_status_that_was_wrapped_is_put_together() -> None:
    text = (
        "Operator                       Count      Status\n\n"
        "QUANTIZE                       1          Operation is otherwise supported, but not\n"
        "mapped due to some unspecified limitation\n"
    )

    ((row,),) = [model.rows for model in read_log(text).models]

    assert row.status == (
        "Operation is otherwise supported, but not mapped due to some unspecified limitation"
    )


def test_an_unknown_status_and_a_custom_name_are_kept_and_not_mapped() -> None:
    text = (
        "Operator                       Count      Status\n\n"
        "CUSTOM                         1          Something that nobody has seen yet\n"
        "TFLite_Detection_PostProcess   1          Operation not supported\n"
        "... All other operators were mapped successfully. See m_edgetpu.log.\n"
    )

    (model,) = read_log(text).models

    assert [row.op for row in model.rows] == ["CUSTOM", "TFLite_Detection_PostProcess"]
    assert (model.edgetpu_ops, model.cpu_ops) == (0, 2)


def test_a_table_without_its_head_is_known_by_its_statuses() -> None:
    text = "CONV_2D    4    Mapped to Edge TPU\nThis took 3 Days\n"

    (model,) = read_log(text).models

    assert model.rows == (Row("CONV_2D", 4, "Mapped to Edge TPU"),)


def test_the_total_alone_says_nothing_where_the_copy_is_cut() -> None:
    text = BANNER + segment().partition("Operation log")[0]

    (model,) = read_log(text).models

    assert (model.total_ops, model.edgetpu_ops, model.counts_from) == (84, None, "unknown")


def test_a_cut_table_does_not_count_for_a_cut_paragraph() -> None:
    text = (
        BANNER
        + segment(ops=9).partition("See the")[0]
        + "Model successfully compiled but not all operations are supported by the Edge TPU.\n"
        + "Operator  Count  Status\nCONV_2D  4  Mapped to Edge TPU\n"
    )

    (model,) = read_log(text).models

    assert (model.edgetpu_ops, model.counts_from) == (None, "unknown")


def test_a_program_that_logs_the_output_puts_times_before_it() -> None:
    text = f"{BANNER}{segment(ops=5).partition('See the')[0]}Operator   Count   Status\n"
    text += "CONV_2D   4   Mapped to Edge TPU\nGELU   1   Operation not supported\n"

    logged = "".join(f"2024-05-01 12:00:00 INFO {line}\n" for line in text.split("\n") if line)

    (model,) = read_log(logged).models
    assert [row.op for row in model.rows] == ["CONV_2D", "GELU"]
    assert (model.total_ops, model.edgetpu_ops) == (5, 4)


def test_entities_of_a_web_page_are_read() -> None:
    text = "ERROR: Didn&#39;t find op for builtin opcode &#39;CONV_2D&#39; version &#39;6&#39;."

    assert "CONV_2D version 6" in read_log(text).failures[0].cause


def test_a_try_that_is_cut_off_does_not_hide_why_the_one_before_it_failed() -> None:
    text = (
        f"{BANNER}Searching for valid delegate with step 1\n"
        f"Try to compile segment with 43 ops\n{TOO_LARGE}"
        "Try to compile segment with 42 ops\nIntermediate tensors: a,b\n"
        "Started a compilation timeout timer of 180 seconds.\n"
    )

    output = read_log(text)

    assert output.said == "failed"
    assert len(output.attempts) == 2
    assert "too large" in output.failures[0].cause


def test_a_copy_that_begins_late_is_of_a_success() -> None:
    text = segment().partition("Output size")[2]

    assert read_log(f"Output size{text}").said == "succeeded"


@pytest.mark.parametrize("text", ["", "\n\n", "hello", "edgetpu_compiler: command not found"])
def test_a_text_that_says_nothing_says_nothing(text: str) -> None:
    output = read_log(text)

    assert output.said == "unknown"
    assert output.models == ()
    assert output.version is None


def test_a_version_alone_is_neither_success_nor_failure() -> None:
    output = read_log(BANNER)

    assert (output.version, output.said) == (V16, "unknown")
