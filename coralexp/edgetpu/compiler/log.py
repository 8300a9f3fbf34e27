"""Reads what the compiler printed, and its log files, of versions 1 to 16.

Copies are taken as they come: cut anywhere, quoted, coloured, several runs one after another. Of
several tries the last one counts, for each segment of a model. Nothing raises.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.edgetpu.compiler.failures import has_failed, why
from coralexp.edgetpu.compiler.final import that_count
from coralexp.edgetpu.compiler.lines import lines
from coralexp.edgetpu.compiler.model_block import (
    ModelBlock,
    is_partly_mapped,
    path_and_size,
    read_field,
    read_file_field,
    read_row,
)
from coralexp.edgetpu.compiler.output import Attempt, CompilerOutput, Row
from coralexp.edgetpu.compiler.size import read_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.compiler.output import Said

VERSION = re.compile(r"Edge TPU Compiler version\s+(\d+(?:\.\d+)*)", re.IGNORECASE)
_SEARCH = re.compile(r"^Searching for valid delegate with step (\d{1,9})", re.IGNORECASE)
_TRY = re.compile(r"^Try to compile segment with (\d{1,9}) op", re.IGNORECASE)
_TENSORS = re.compile(r"^Intermediate tensors:\s*(\S.*)$", re.IGNORECASE)
_TIMER = re.compile(r"^Started a compilation timeout timer of (\d{1,9}) second", re.IGNORECASE)
_DONE = re.compile(r"^Models? compiled successfully in (\d{1,12}) ?ms", re.IGNORECASE)
_SUCCEEDED = re.compile(r"^Compilation succeeded!", re.IGNORECASE)
_HEAD = re.compile(r"^Operator\s+Count\s+Status\b", re.IGNORECASE)
_WARNING = re.compile(r"^(?:Warning|WARNING): ?\S")
_ERROR = re.compile(r"^(?:ERROR: |Compilation failed: |Internal compiler error)|terminating with")
_GOES_ON = re.compile(
    r"^(?:Operation log:|See the operation log|Compilation (?:child|succeeded)|Operator\s+Count)",
    re.IGNORECASE,
)


def read_log(text: str) -> CompilerOutput:
    """Return what a compiler's output, or one of its log files, says.

    Args:
        text: As printed or copied; log files and outputs may follow one another.
    """
    reader = _Reader()
    for line in lines(text):
        reader.take(line)
    return reader.finish()


@dataclass
class _Try:
    ops: int | None = None
    tensors: tuple[str, ...] = ()
    timeout_s: int | None = None
    compile_ms: int | None = None
    succeeded: bool = False
    blocks: list[ModelBlock] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    of_log_file: bool = False

    def finish(self, version: str | None) -> Attempt:
        text = "\n".join(self.texts)
        said: Said = "unknown"
        if has_failed(text):
            said = "failed"
        elif (
            self.succeeded
            or self.compile_ms is not None
            or any(block.is_of_success for block in self.blocks)
        ):
            said = "succeeded"
        failures = why(text, version) if said == "failed" else ()
        models = tuple(block.finish() for block in self.blocks)
        return Attempt(
            self.ops, self.tensors, self.timeout_s, self.compile_ms, said, models, failures
        )


@dataclass
class _Run:
    """One call of the compiler: tries in groups, one group for each segment."""

    version: str | None = None
    search_step: int | None = None
    groups: list[list[_Try]] = field(default_factory=lambda: [[_Try()]])
    warnings: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@dataclass
class _Reader:
    runs: list[_Run] = field(default_factory=lambda: [_Run()])
    in_table: bool = False

    @property
    def run(self) -> _Run:
        return self.runs[-1]

    @property
    def attempt(self) -> _Try:
        return self.run.groups[-1][-1]

    def take(self, line: str) -> None:
        if not line:
            return
        banner = VERSION.search(line)
        if banner:
            self.begin_run(banner[1])
        elif not (self.take_step(line) or self.take_model(line)):
            self.in_table = self.in_table and not self.attempt_ended(line)
            self.take_row(line)
        self.attempt.texts.append(line)
        if _WARNING.match(line):
            self.run.warnings.append(line)
        if _ERROR.search(line):
            self.run.errors.append(line)

    def begin_run(self, version: str) -> None:
        self.in_table = False
        if self.run.version is not None or self.attempt.texts:
            self.runs.append(_Run())
        self.run.version = version

    def begin_group(self) -> None:
        if self.attempt != _Try(texts=self.attempt.texts):
            self.run.groups.append([_Try()])
        self.in_table = False

    def take_step(self, line: str) -> bool:
        """Read a line that says how far the compiler is."""
        if found := _SEARCH.match(line):
            self.begin_group()
            self.run.search_step = int(found[1])
        elif found := _TRY.match(line):
            if self.attempt.ops is not None:
                self.run.groups[-1].append(_Try())
                self.in_table = False
            self.attempt.ops = int(found[1])
        elif found := _TENSORS.match(line):
            names = (name.strip() for name in found[1].split(","))
            self.attempt.tensors = tuple(name for name in names if name)
        elif found := _TIMER.match(line):
            if self.attempt.timeout_s is not None:
                self.begin_group()
            self.attempt.timeout_s = int(found[1])
        elif found := _DONE.match(line):
            if self.attempt.compile_ms is not None:
                self.begin_group()
            self.attempt.compile_ms = int(found[1])
        elif _SUCCEEDED.match(line):
            self.attempt.succeeded = True
            self.went_on(line)
        else:
            return False
        return True

    def take_model(self, line: str) -> bool:
        """Read a line that tells a field of a model."""
        if _HEAD.match(line):
            self.in_table = True
            self.went_on(line)
            return True
        if is_partly_mapped(line):
            self.block().partly = True
            return True
        told = read_field(line)
        head = None if told else read_file_field(line)
        if head is not None:
            told = head
            self.attempt.of_log_file = True
        self.went_on(line)
        if told is None:
            return False
        name, value = told
        blocks = self.attempt.blocks
        if name == "input_path" or not blocks or blocks[-1].has(name):
            self.in_table = False
            blocks.append(ModelBlock())
        block = blocks[-1]
        if name.endswith("_path"):
            path, size = path_and_size(str(value))
            value = path
            if size is not None:
                block.fields[name.replace("_path", "_size")] = read_size(size)
        block.fields[name] = value
        return True

    def take_row(self, line: str) -> None:
        row = read_row(line, in_table=self.in_table)
        if row is not None:
            self.block().rows.append(row)
        elif self.in_table and line[0].islower() and self.block().rows:
            last = self.block().rows.pop()  # a status that was wrapped
            self.block().rows.append(Row(last.op, last.count, f"{last.status} {line}"))

    def block(self) -> ModelBlock:
        if not self.attempt.blocks:
            self.attempt.blocks.append(ModelBlock())
        return self.attempt.blocks[-1]

    def went_on(self, line: str) -> None:
        if self.attempt.blocks and _GOES_ON.match(line):
            self.attempt.blocks[-1].went_on = True

    @staticmethod
    def attempt_ended(line: str) -> bool:
        return line.lower().startswith(("compilation ", "see the operation log"))

    def finish(self) -> CompilerOutput:
        runs = [
            (run, [[tried.finish(run.version) for tried in group] for group in run.groups])
            for run in self.runs
        ]
        last = runs[-1][0]
        attempts = tuple(one for _, groups in runs for group in groups for one in group)
        final = that_count(
            [[_last_to_say(group) for group in groups] for _, groups in runs],
            [run.groups[-1][-1].of_log_file for run in self.runs],
        )
        empty = Attempt()
        return CompilerOutput(
            last.version,
            last.search_step,
            tuple(attempt for attempt in attempts if attempt != empty),
            tuple(attempt for attempt in final if attempt != empty),
            _said(final),
            tuple(dict.fromkeys(last.warnings)),
            tuple(dict.fromkeys(last.errors)),
        )


def _last_to_say(group: Sequence[Attempt]) -> Attempt:
    """Return the last try of a search; one that is cut off does not hide the one before it."""
    telling = [attempt for attempt in group if attempt.said != "unknown"]
    return telling[-1] if telling else group[-1]


def _said(final: Sequence[Attempt]) -> Said:
    said = {attempt.said for attempt in final}
    if "failed" in said:
        return "failed"
    return "succeeded" if said == {"succeeded"} else "unknown"
