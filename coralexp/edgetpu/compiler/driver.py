"""Runs the compiler on one model, in a folder of its own, and keeps what it said and made."""

from __future__ import annotations

import dataclasses
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.artifacts.compiled_model import STDOUT
from coralexp.edgetpu.compiler.compilation import Compilation, Kept
from coralexp.edgetpu.compiler.container import (
    check_docker,
    container_name,
    stop_container,
    wrapped,
)
from coralexp.edgetpu.compiler.final import with_tables
from coralexp.edgetpu.compiler.judge import cautions, judge
from coralexp.edgetpu.compiler.log import read_log
from coralexp.edgetpu.compiler.options import CompileOptions, flags, major, output_stems
from coralexp.edgetpu.compiler.output_file import look_at
from coralexp.edgetpu.compiler.process import KEPT_BYTES, run
from coralexp.errors import CompilationError, MissingToolError, ModelFileError
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Generator

    from coralexp.edgetpu.compiler.locate import Compiler
    from coralexp.edgetpu.compiler.output import CompilerOutput
    from coralexp.edgetpu.compiler.output_file import OutputFile
    from coralexp.edgetpu.compiler.process import Ended

STEM = "model"  # the names of foreign files are kept from the command line
_GRACE_S = 60.0
_LONGEST_S = 3600.0
_SEARCHES = 16  # the first version that searches for a delegate


def compile_model(
    source: Path,
    folder: Path,
    compiler: Compiler,
    options: CompileOptions | None = None,
    *,
    limit_s: float | None = None,
) -> Compilation:
    """Compile a model.

    Args:
        source: A .tflite file.
        folder: Receives `compiler_stdout.txt`, the compiler's log files (`model_edgetpu.log`), and,
            if it succeeded, `model_edgetpu.tflite`; with segments
            `model_segment_0_of_2_edgetpu.tflite` and so on.
        compiler: As found.
        options: What to ask for; None takes the defaults.
        limit_s: Wall time for all tries, seconds; None takes one above the compiler's own limit.

    Raises:
        CompilationError: If the model cannot be copied.
        MissingToolError: If the compiler cannot be started.
    """
    options = options or CompileOptions()
    limit = time_limit(source, compiler, options) if limit_s is None else limit_s
    with _own_folder(folder) as work:
        _copy(source, work / f"{STEM}.tflite")
        command, ended = _call(compiler, options, work, limit)
        (folder / STDOUT).write_text(ended.output, "utf-8")
        stems = output_stems(STEM, options)
        output = _completed(read_log(ended.output), work, stems)
        files = [look_at(work / f"{stem}.tflite") for stem in stems]
        status, failures = judge(ended, output, files, limit)
        kept = tuple(
            _keep(work, folder, stem, file, with_model=status == "compiled")
            for stem, file in zip(stems, files, strict=True)
        )
    warnings = cautions(output, options) if output.said == "succeeded" else []
    if ended.left_out_bytes:
        warnings.append(
            f"the compiler printed more than is kept: {ended.left_out_bytes} bytes of the middle "
            f"are left out of {STDOUT}"
        )
    return Compilation(
        status, compiler, tuple(command), ended, output, kept, failures, tuple(warnings)
    )


def time_limit(source: Path, compiler: Compiler, options: CompileOptions) -> float:
    """Return our own limit in seconds: above the compiler's, for as many tries as it may make."""
    one = options.timeout_s + _GRACE_S
    tries = 1
    if options.search_delegate and major(compiler.version) >= _SEARCHES:
        try:
            tries += len(read_model_file(source).main.operators) // options.delegate_search_step
        except ModelFileError:
            tries = 1  # the compiler will say what is wrong with it
    return max(one, min(one * tries * options.num_segments, _LONGEST_S))


def _call(
    compiler: Compiler, options: CompileOptions, work: Path, limit_s: float
) -> tuple[list[str], Ended]:
    arguments = ["--out_dir", ".", *flags(options, compiler.version), f"{STEM}.tflite"]
    name = container_name()
    command = (
        [compiler.program, *arguments]
        if compiler.image is None
        else wrapped(compiler.image, work, name, arguments)
    )
    try:
        ended = run(command, work, limit_s)
    except OSError as error:
        raise MissingToolError(f"{command[0]}: cannot be started ({error.strerror})") from error
    if compiler.image is not None:
        if ended.status is None:
            stop_container(name)
        check_docker(compiler.image, ended)
    return [compiler.program, *arguments], ended


def _completed(output: CompilerOutput, work: Path, stems: list[str]) -> CompilerOutput:
    """Add the tables of the log files, if the output does not have them."""
    if output.said != "succeeded" or all(model.rows for model in output.models):
        return output
    logs = [
        model
        for stem in stems
        if (text := _head_of(work / f"{stem}.log"))
        for model in read_log(text).models
    ]
    return dataclasses.replace(output, final=tuple(with_tables(output.final, logs)))


def _head_of(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return file.read(KEPT_BYTES).decode("utf-8", "replace")
    except OSError:
        return ""


def _keep(work: Path, folder: Path, stem: str, file: OutputFile, *, with_model: bool) -> Kept:
    """Move what is worth keeping out of the work folder."""
    log = f"{stem}.log"
    has_log = _move(work / log, folder / log)
    model = f"{stem}.tflite"
    has_model = with_model and _move(work / model, folder / model)
    return Kept(
        model if has_model else None,
        file.size_bytes if has_model else None,
        log if has_log else None,
    )


def _move(path: Path, target: Path) -> bool:
    if path.is_symlink() or not path.is_file():
        if not path.is_file():
            return False
        shutil.copyfile(path, target)  # a link would point to nowhere
        return True
    path.replace(target)
    return True


def _copy(source: Path, target: Path) -> None:
    try:
        shutil.copyfile(source, target)
    except OSError as error:
        raise CompilationError(f"{source}: cannot be read ({error.strerror})") from error


@contextmanager
def _own_folder(folder: Path) -> Generator[Path]:
    """Give an empty folder in `folder`, so that what is made can be moved in one step."""
    folder.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".compile-", dir=folder.resolve()))
    try:
        yield work
    finally:
        shutil.rmtree(work, ignore_errors=True)
