"""What the compiler is asked for, and the flags that say so."""

from __future__ import annotations

import re
from dataclasses import dataclass

from coralexp.errors import OptionError

_RUNTIMES = range(10, 15)
_MOST_SEGMENTS = 64
_MOST_SECONDS = 86_400
_NEWEST = 16
_TENSOR = re.compile(r"[^\s,:-][^\s,:]*")


@dataclass(frozen=True)
class CompileOptions:
    """Options of one compilation.

    Attributes:
        num_segments: Models to split into, for as many Edge TPUs; 1 leaves the model whole.
        multiple_subgraphs: Whether several parts of the model may run on the Edge TPU; experimental
            in the compiler. Without it everything behind the first operator that cannot be mapped
            stays on the CPU.
        search_delegate: Whether to try again with fewer operators after a failure; needs compiler
            16, older ones go without.
        delegate_search_step: Operators to leave out at each of these tries, at least 1.
        min_runtime: Oldest Edge TPU runtime that the result must run on, 10 to 14; None takes the
            compiler's default. Below 13 many models get no operator mapped.
        intermediate_tensors: Names of tensors behind which everything stays on the CPU.
        timeout_s: The compiler's own limit for one try, in seconds, at least 1.

    Raises:
        OptionError: If one is out of its range.
    """

    num_segments: int = 1
    multiple_subgraphs: bool = False
    search_delegate: bool = True
    delegate_search_step: int = 30
    min_runtime: int | None = None
    intermediate_tensors: tuple[str, ...] = ()
    timeout_s: int = 180

    def __post_init__(self) -> None:
        _hold("num_segments", self.num_segments, _MOST_SEGMENTS)
        _hold("delegate_search_step", self.delegate_search_step, None)
        _hold("timeout_s", self.timeout_s, _MOST_SECONDS)
        if self.min_runtime is not None and self.min_runtime not in _RUNTIMES:
            raise OptionError("min_runtime", f"expected 10 to 14 or null, got {self.min_runtime}")
        for name in self.intermediate_tensors:
            if not _TENSOR.fullmatch(name):
                raise OptionError(
                    "intermediate_tensors",
                    f"the compiler cannot take {name!r}: names may hold no space, comma or colon, "
                    f"and not begin with '-'",
                )


def flags(options: CompileOptions, version: str | None) -> list[str]:
    """Return the compiler's flags, without the output folder and the model.

    Args:
        options: What is asked for.
        version: Of the compiler; None if unknown, then it gets what every version knows.
    """
    chosen = ["--show_operations"]
    if major(version) >= _NEWEST:
        if options.search_delegate:
            step = str(options.delegate_search_step)
            chosen += ["--search_delegate", "--delegate_search_step", step]
        chosen += ["--timeout_sec", str(options.timeout_s)]
    if options.num_segments > 1:
        chosen += ["--num_segments", str(options.num_segments)]
    if options.multiple_subgraphs:
        chosen += ["--enable_multiple_subgraphs"]
    if options.min_runtime is not None:
        chosen += ["--min_runtime_version", str(options.min_runtime)]
    if options.intermediate_tensors:
        chosen += ["--intermediate_tensors", ",".join(options.intermediate_tensors)]
    return chosen


def output_stems(stem: str, options: CompileOptions) -> list[str]:
    """Return the names, without ending, of the files that the compiler makes of `<stem>.tflite`."""
    count = options.num_segments
    if count == 1:
        return [f"{stem}_edgetpu"]
    return [f"{stem}_segment_{index}_of_{count}_edgetpu" for index in range(count)]


def major(version: str | None) -> int:
    """Return 16 for `16.0.384591198`, 0 if the version is unknown."""
    digits = (version or "").split(".", 1)[0]
    return int(digits) if re.fullmatch(r"\d{1,4}", digits) else 0


def _hold(option: str, value: int, most: int | None) -> None:
    if value < 1 or (most is not None and value > most):
        upper = "" if most is None else f" and at most {most}"
        raise OptionError(option, f"expected at least 1{upper}, got {value}")
