"""A compilation is believed only where exit status, output file and printed counts agree."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from coralexp.edgetpu.compiler.driver import compile_model, time_limit
from coralexp.edgetpu.compiler.judge import cautions
from coralexp.edgetpu.compiler.locate import Compiler
from coralexp.edgetpu.compiler.log import read_log
from coralexp.edgetpu.compiler.options import CompileOptions
from coralexp.edgetpu.compiler.process import KEPT_BYTES
from coralexp.errors import CompilationError, MissingToolError

if TYPE_CHECKING:
    from conftest import StandIn

# The shape of an output of version 16 for a model that is mapped in full, with `-s`.
MAPPED = """Edge TPU Compiler version 16.0.384591198
Started a compilation timeout timer of 180 seconds.

Model compiled successfully in 541 ms.

Input model: model.tflite
Input size: 513.28KiB
Output model: ./model_edgetpu.tflite
Output size: 782.67KiB
On-chip memory used for caching model parameters: 553.75KiB
On-chip memory remaining for caching model parameters: 7.16MiB
Off-chip memory used for streaming uncached model parameters: 0.00B
Number of Edge TPU subgraphs: 1
Total number of operations: 31
Operation log: ./model_edgetpu.log

Operator                       Count      Status

CONV_2D                        15         Mapped to Edge TPU
DEPTHWISE_CONV_2D              13         Mapped to Edge TPU
AVERAGE_POOL_2D                1          Mapped to Edge TPU
RESHAPE                        1          Mapped to Edge TPU
SOFTMAX                        1          Mapped to Edge TPU
Compilation child process completed within timeout period.
Compilation succeeded! 
"""  # noqa: W291 - the compiler prints that space
LOG_FILE = """Edge TPU Compiler version 16.0.384591198
Input: model.tflite
Output: ./model_edgetpu.tflite

Operator                       Count      Status

CONV_2D                        28         Mapped to Edge TPU
SOFTMAX                        3          More than one subgraph is not supported
"""
FAILURES = {
    "10_fail_v16_unresolved_custom_op": "Atan is a custom operator",
    "11_fail_v15_model_not_quantized": "not fully quantized",
    "12_fail_v16_op_version_transpose_conv4": "TRANSPOSE_CONV version 4",
    "14_fail_v16_dynamic_tensors": "size that only the run tells",
    "15_fail_v16_large_activations": "too large for the memory of the chip",
    "16_fail_v16_search_delegate_retries": "too large for the memory of the chip",
    "18_fail_v15_internal_compiler_error": "failed inside",
    "19_fail_v2_uncaught_exception": "std::out_of_range",
}


def test_a_compiled_model_is_kept_with_its_log_and_output(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text(LOG_FILE)
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": compiled, "model_edgetpu.log": log})

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "compiled"
    assert done.failures == ()
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        "compiler_stdout.txt",
        "model_edgetpu.log",
        "model_edgetpu.tflite",
    ]
    assert (tmp_path / "out/model_edgetpu.tflite").read_bytes() == compiled.read_bytes()
    record = done.record()
    assert (record.edgetpu_ops, record.cpu_ops) == (31, 0)
    assert record.compile_source == "edgetpu_compiler"
    assert record.parts[0].size_bytes == compiled.stat().st_size
    assert record.on_chip_bytes == 567_040
    assert record.compile_ms == 541
    done.require()


def test_the_compiler_gets_the_suggested_call_and_a_folder_with_nothing_but_the_model(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": compiled})

    compile_model(source, tmp_path / "out", compiler)

    arguments, folder, files = stand_in.calls()[-1]
    assert arguments == [
        "--out_dir",
        ".",
        "--show_operations",
        "--search_delegate",
        "--delegate_search_step",
        "30",
        "--timeout_sec",
        "180",
        "model.tflite",
    ]
    assert Path(folder).parent == (tmp_path / "out").resolve()
    assert files == ["model.tflite"]
    assert not Path(folder).exists()


def test_an_older_compiler_gets_no_flag_that_it_does_not_know(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(version="Edge TPU Compiler version 15.0.340273435\n")
    options = CompileOptions(
        multiple_subgraphs=True, min_runtime=13, intermediate_tensors=("a/b", "c;d")
    )

    compile_model(source, tmp_path / "out", compiler, options)

    assert stand_in.calls()[-1][0] == [
        "--out_dir",
        ".",
        "--show_operations",
        "--enable_multiple_subgraphs",
        "--min_runtime_version",
        "13",
        "--intermediate_tensors",
        "a/b,c;d",
        "model.tflite",
    ]


def test_a_table_that_is_not_printed_is_read_from_the_log_file(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    log = tmp_path / "log"
    log.write_text(LOG_FILE)
    head, _, rest = MAPPED.partition("\nOperator")
    text = head + "See the operation log file for individual operation details.\n" + rest[-86:]
    text = text.replace(
        "See the",
        "Number of operations that will run on Edge TPU: 28\n"
        "Number of operations that will run on CPU: 3\nSee the",
    )
    compiler = stand_in.plan(text, {"model_edgetpu.tflite": compiled, "model_edgetpu.log": log})

    record = compile_model(source, tmp_path / "out", compiler).record()

    assert record.status == "compiled"
    assert record.cpu_ops == 3
    assert [row.count for row in record.parts[0].operators] == [28, 3]


@pytest.mark.parametrize("status", [0, 1])
@pytest.mark.parametrize("name", FAILURES)
def test_a_recorded_failure_is_a_refusal_with_cause_and_remedy(
    stand_in: StandIn, source: Path, logs: Path, tmp_path: Path, *, name: str, status: int
) -> None:
    compiler = stand_in.plan((logs / f"{name}.txt").read_bytes(), status=status)

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "refused"
    assert FAILURES[name] in done.failures[0].cause
    assert all(failure.remedy for failure in done.failures)
    assert done.record().compile_source == "edgetpu_compiler"
    assert (tmp_path / "out/compiler_stdout.txt").read_bytes() == (
        logs / f"{name}.txt"
    ).read_bytes()
    with pytest.raises(CompilationError, match=FAILURES[name]):
        done.require()


def test_success_without_a_file_is_a_disagreement_that_says_which_said_what(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    done = compile_model(source, tmp_path / "out", stand_in.plan(MAPPED))

    assert done.status == "inconsistent"
    assert done.failures[0].cause == (
        "The compiler's answers do not agree: its exit status is 0, it left no output file, and "
        "its output says that it succeeded, with 31 of 31 operators mapped."
    )
    assert done.record().compile_source == "predicted"


def test_a_stub_is_no_compiled_model(stand_in: StandIn, source: Path, tmp_path: Path) -> None:
    stub = tmp_path / "stub"
    stub.write_bytes(b"\x1c\0\0\0TFL3" + bytes(1000))
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": stub})

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "inconsistent"
    assert "an output file of 1008 bytes, a stub" in done.failures[0].cause
    assert not (tmp_path / "out/model_edgetpu.tflite").exists()


def test_a_stub_beside_a_failure_is_a_refusal(
    stand_in: StandIn, source: Path, logs: Path, tmp_path: Path
) -> None:
    stub = tmp_path / "stub"
    stub.write_bytes(bytes(1000))
    text = (logs / "15_fail_v16_large_activations.txt").read_bytes()
    compiler = stand_in.plan(text, {"model_edgetpu.tflite": stub}, status=1)

    assert compile_model(source, tmp_path / "out", compiler).status == "refused"


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("source", "a model without any part for the Edge TPU"),
        ("noise", "an output file that is no readable model"),
    ],
)
def test_a_file_that_is_not_compiled_contradicts_the_counts(
    stand_in: StandIn, source: Path, tmp_path: Path, kind: str, words: str
) -> None:
    noise = tmp_path / "noise"
    noise.write_bytes(b"\x1c\0\0\0TFL3" + os.urandom(9000))
    file = source if kind == "source" else noise
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": file})

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "inconsistent"
    assert words in done.failures[0].cause


def test_a_failing_exit_status_contradicts_a_compiled_file(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": compiled}, status=1)

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "inconsistent"
    assert "exit status is 1, it left a compiled model of 801454 bytes" in done.failures[0].cause


def test_a_compiled_file_without_counts_is_not_believed(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan("", {"model_edgetpu.tflite": compiled})

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "inconsistent"
    assert "neither that it succeeded nor that it failed" in done.failures[0].cause


def test_a_model_of_which_nothing_is_mapped_is_no_success(
    stand_in: StandIn, source: Path, logs: Path, tmp_path: Path
) -> None:
    text = (logs / "21_stdout_v15_min_runtime_11_zero_subgraphs.txt").read_bytes()
    compiler = stand_in.plan(text, {"model_edgetpu.tflite": source})

    record = compile_model(
        source, tmp_path / "out", compiler, CompileOptions(min_runtime=11)
    ).record()

    assert record.status == "unmapped"
    assert (record.edgetpu_ops, record.cpu_ops) == (0, 69)
    assert "none of the 69 operators is mapped" in record.failures[0].cause
    assert "drop min_runtime" in record.warnings[0]
    assert not (tmp_path / "out/model_edgetpu.tflite").exists()


def test_a_model_of_which_hardly_anything_is_mapped_is_warned_of(
    stand_in: StandIn, source: Path, compiled: Path, logs: Path, tmp_path: Path
) -> None:
    text = (logs / "25_stdout_v16_transpose_first_1_of_191.txt").read_bytes()
    compiler = stand_in.plan(text, {"model_edgetpu.tflite": compiled})

    record = compile_model(source, tmp_path / "out", compiler).record()

    assert record.status == "compiled"
    assert record.warnings[0].startswith("only 1 of 191 operators run on the Edge TPU")


@pytest.mark.parametrize(
    ("mapped", "total", "warned"),
    [(1, 3, True), (1, 1, False), (2, 36, True), (4, 36, False), (36, 36, False)],
)
def test_a_warning_comes_where_the_chip_hardly_works(
    mapped: int, total: int, *, warned: bool
) -> None:
    text = (
        f"Model compiled successfully in 3 ms.\nTotal number of operations: {total}\n"
        f"Number of operations that will run on Edge TPU: {mapped}\n"
    )

    assert bool(cautions(read_log(text), CompileOptions())) == warned


def test_a_compiler_that_hangs_is_ended_with_its_children(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(hang=True)
    started = time.monotonic()

    done = compile_model(source, tmp_path / "out", compiler, limit_s=1.0)

    assert done.status == "timed_out"
    assert time.monotonic() - started < 5
    assert "after 1 s" in done.failures[0].cause
    pids = [int(line) for line in (stand_in.folder / "calls.pids").read_text().split()]
    assert len(pids) == 2
    patience = time.monotonic() + 5  # the kernel takes its time to end what was killed
    while any(_lives(pid) for pid in pids) and time.monotonic() < patience:
        time.sleep(0.01)
    assert not any(_lives(pid) for pid in pids)


def test_a_compiler_that_crashes_is_recorded_by_the_signal(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan("Edge TPU Compiler version 16.0.384591198\n", signal=signal.SIGSEGV)

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "crashed"
    assert "SIGSEGV" in done.failures[0].cause
    assert done.record().compile_source == "predicted"


def test_a_crash_behind_a_shell_is_a_crash(stand_in: StandIn, source: Path, tmp_path: Path) -> None:
    text = (
        "Edge TPU Compiler version 16.0.384591198\n"
        "/usr/bin/edgetpu_compiler: line 3:  7056 Segmentation fault      (core dumped) ...\n"
    )

    done = compile_model(source, tmp_path / "out", stand_in.plan(text, status=139))

    assert done.status == "crashed"
    assert done.failures[0].text == "Segmentation fault"


def test_a_silent_compiler_is_a_disagreement(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan("Edge TPU Compiler version 15.0.340273435\n")

    assert compile_model(source, tmp_path / "out", compiler).status == "inconsistent"


def test_of_a_huge_output_start_and_end_are_kept(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(MAPPED, {"model_edgetpu.tflite": compiled}, blocks=16)

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "compiled"
    assert (tmp_path / "out/compiler_stdout.txt").stat().st_size < KEPT_BYTES + 2**17
    assert "are left out of compiler_stdout.txt" in done.warnings[-1]


def test_bytes_that_are_no_text_are_replaced(
    stand_in: StandIn, source: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(b"Invalid model: \xff\xfe.tflite\nModel not quantized\n", status=1)

    done = compile_model(source, tmp_path / "out", compiler)

    assert done.status == "refused"
    assert "\ufffd" in (tmp_path / "out/compiler_stdout.txt").read_text("utf-8")


def test_segments_are_kept_one_by_one(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    names = [f"model_segment_{index}_of_2" for index in range(2)]
    second = MAPPED.partition("\n")[2]
    text = MAPPED.replace("model.tflite", f"{names[0]}.tflite") + second.replace(
        "model.tflite", f"{names[1]}.tflite"
    )
    compiler = stand_in.plan(text, {f"{name}_edgetpu.tflite": compiled for name in names})

    record = compile_model(
        source, tmp_path / "out", compiler, CompileOptions(num_segments=2)
    ).record()

    assert record.status == "compiled"
    assert [part.file for part in record.parts] == [f"{name}_edgetpu.tflite" for name in names]
    assert record.edgetpu_ops == 62
    assert stand_in.calls()[-1][0][-3:-1] == ["--num_segments", "2"]


def test_a_missing_segment_is_a_disagreement(
    stand_in: StandIn, source: Path, compiled: Path, tmp_path: Path
) -> None:
    compiler = stand_in.plan(MAPPED, {"model_segment_0_of_2_edgetpu.tflite": compiled})

    done = compile_model(source, tmp_path / "out", compiler, CompileOptions(num_segments=2))

    assert done.status == "inconsistent"
    assert "no output file" in done.failures[0].cause


def test_a_compiler_that_is_gone_by_now_is_named(source: Path, tmp_path: Path) -> None:
    compiler = Compiler(str(tmp_path / "gone"), None, None)

    with pytest.raises(MissingToolError, match="gone: cannot be started"):
        compile_model(source, tmp_path / "out", compiler)


def test_a_model_that_is_not_there_is_named(stand_in: StandIn, tmp_path: Path) -> None:
    with pytest.raises(CompilationError, match=r"absent\.tflite: cannot be read"):
        compile_model(tmp_path / "absent.tflite", tmp_path / "out", stand_in.plan())

    assert list((tmp_path / "out").iterdir()) == []


def test_our_limit_lies_above_the_compilers_for_each_try(source: Path) -> None:
    new = Compiler("x", None, "16.0.384591198")
    old = Compiler("x", None, "15.0.340273435")

    assert time_limit(source, old, CompileOptions()) == 240
    assert time_limit(source, new, CompileOptions()) == 480  # 31 operators, 30 a step
    assert time_limit(source, new, CompileOptions(delegate_search_step=1)) == 3600
    assert time_limit(source, new, CompileOptions(timeout_s=5000)) == 5060


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"
