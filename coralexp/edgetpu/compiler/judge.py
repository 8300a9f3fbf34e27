"""What a compilation came to: exit status, output file and printed counts, all three heard."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.edgetpu.compiler.failures import unknown_failure
from coralexp.edgetpu.compiler.output import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.artifacts.compiled_model import CompileStatus
    from coralexp.edgetpu.compiler.options import CompileOptions
    from coralexp.edgetpu.compiler.output import CompilerOutput
    from coralexp.edgetpu.compiler.output_file import OutputFile
    from coralexp.edgetpu.compiler.process import Ended

_FEW = 0.1  # of the operators: below, the chip hardly works
_OLD_RUNTIME = 13


def judge(
    ended: Ended, output: CompilerOutput, files: Sequence[OutputFile], limit_s: float
) -> tuple[CompileStatus, tuple[Failure, ...]]:
    """Return what a compilation came to, and why if it came to nothing.

    Args:
        ended: How the program ended.
        output: What it printed.
        files: What lies where each output file should be.
        limit_s: Our time limit, seconds.

    Returns:
        `compiled` only if all three say so and at least one operator is mapped; failures are empty
        then, and else hold at least one.
    """
    if ended.status is None:
        return "timed_out", (_too_long(limit_s), *output.failures)
    has_file = any(file.is_compiled for file in files)
    if ended.status == 0 and output.said == "succeeded" and _agree(output, files):
        if has_file:
            return "compiled", ()
        return "unmapped", (_unmapped(output),)
    if not has_file and ended.crash is not None and output.said != "succeeded":
        return "crashed", output.failures or (_crash(ended),)
    silent = output.said == "unknown" and ended.status != 0
    if not has_file and (output.said == "failed" or silent):
        return "refused", output.failures or (unknown_failure(ended.output),)
    return "inconsistent", (_disagreement(ended, output, files), *output.failures)


def cautions(output: CompilerOutput, options: CompileOptions) -> list[str]:
    """Return what to know of a compilation that says it succeeded."""
    told = list(output.warnings)
    for model in output.models:
        total, mapped = model.total_ops, model.edgetpu_ops
        if not total or mapped is None or mapped == total or mapped > max(1, _FEW * total):
            continue
        way = (
            "drop min_runtime, for which the compiler knows few operators"
            if options.min_runtime is not None and options.min_runtime < _OLD_RUNTIME
            else "change or move the first operators that are not mapped, see the table"
        )
        told.append(
            f"only {mapped} of {total} operators run on the Edge TPU although the compiler says "
            f"'compiled successfully'; {way}"
        )
    return told


def _agree(output: CompilerOutput, files: Sequence[OutputFile]) -> bool:
    """Whether the printed counts fit the files, one by one if there are as many."""
    mapped = [model.edgetpu_ops for model in output.models]
    if any(file.problem for file in files) or not mapped or None in mapped:
        return False
    if len(mapped) != len(files):
        return False
    return all(
        (count or 0) > 0 if file.is_compiled else count == 0
        for count, file in zip(mapped, files, strict=True)
    )


def _unmapped(output: CompilerOutput) -> Failure:
    total = sum(model.total_ops or 0 for model in output.models)
    reasons = {row.status: row.op for model in output.models for row in model.rows}
    first = "; ".join(f"{op}: {status}" for status, op in list(reasons.items())[:3])
    return Failure(
        "Number of operations that will run on Edge TPU: 0",
        f"The compiler says 'compiled successfully', but none of the {total} operators is mapped: "
        f"the model would run on the CPU alone{f' ({first})' if first else ''}.",
        "Leave min_runtime out or set it to 13 or 14, and make the first operator one that the "
        "Edge TPU runs, with 8-bit tensors of at most 3 dimensions above 1.",
        "google-coral/edgetpu#358, #225, #439, #708",
    )


def _too_long(limit_s: float) -> Failure:
    return Failure(
        "",
        f"The compiler was ended after {limit_s:g} s, without an answer.",
        "Give it more time with a larger timeout_s, try fewer cuts with a larger "
        "delegate_search_step, or make the model smaller.",
        "google-coral/edgetpu#270",
    )


def _crash(ended: Ended) -> Failure:
    return Failure(
        unknown_failure(ended.output).text,
        f"The compiler crashed ({ended.crash}).",
        "Compile again; if it stays, try search_delegate=true, no num_segments, or smaller layers; "
        "SIGKILL mostly means that memory ran out.",
        "google-coral/edgetpu#482, #643, #669, #811",
    )


def _disagreement(ended: Ended, output: CompilerOutput, files: Sequence[OutputFile]) -> Failure:
    found = ", ".join(dict.fromkeys(file.said for file in files))
    return Failure(
        unknown_failure(ended.output).text,
        f"The compiler's answers do not agree: its exit status is {ended.status}"
        f"{f' ({ended.crash})' if ended.crash else ''}, it left {found}, and its output "
        f"{_said(output, len(files))}.",
        "Compile again, with space on the disk and without other options; until the three agree "
        "the placement is predicted.",
        "google-coral/edgetpu#400, #411; ultralytics/ultralytics#25068",
    )


def _said(output: CompilerOutput, files: int) -> str:
    if output.said == "failed":
        return "says that it failed"
    if output.said == "unknown":
        return "says neither that it succeeded nor that it failed"
    if output.edgetpu_ops is None:
        return "says that it succeeded, but not how many operators are mapped"
    models = len(output.models)
    other = "" if models == files else f", for {models} models instead of {files}"
    total = output.edgetpu_ops + (output.cpu_ops or 0)
    return f"says that it succeeded, with {output.edgetpu_ops} of {total} operators mapped{other}"
