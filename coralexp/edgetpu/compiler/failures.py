"""Known failure texts of the compiler: what each means, and what helps."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from coralexp.edgetpu.compiler.failure_list import GENERAL, KNOWN
from coralexp.edgetpu.compiler.output import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.edgetpu.compiler.failure_list import Known

_FAILED = re.compile(
    r"Compilation failed(?:!|:| due to)|Internal compiler error|Invalid model:"
    r"|Model could not be parsed|^ERROR: Registration failed|terminating with uncaught exception"
    r"|Segmentation fault|Didn.t find op for builtin opcode|Model not quantized",
    re.IGNORECASE | re.MULTILINE,
)
_NEWEST = 16  # the last compiler that was released, in July 2021
_LAST_LINES = 3
_LONGEST = 300  # characters of a quoted text
_NOISE = re.compile(
    r"^(?:Edge TPU Compiler version|Started a compilation|Searching for|Try to compile"
    r"|Intermediate tensors|Compilation child process completed|Compilation failed![\W_]*$"
    r"|\S*[$%#] |> )",
    re.IGNORECASE,
)


def has_failed(text: str) -> bool:
    """Whether an output says that a model was not compiled."""
    return _FAILED.search(text) is not None or any(known.ends for known in _found(KNOWN, text))


def why(text: str, version: str | None) -> tuple[Failure, ...]:
    """Return every known cause in the output of a failed compilation, specific ones first.

    Args:
        text: Lines of one try, as `coralexp.edgetpu.compiler.lines` gives them.
        version: Of the compiler, such as `16.0.384591198`; None if unknown.

    Returns:
        At least one: an unknown text gives its last error lines and general advice.
    """
    for group in (KNOWN, GENERAL):
        found = [
            _failure(known, match, version)
            for known in _found(group, text)
            for match in known.pattern.finditer(text)
        ]
        if found:
            return tuple(dict.fromkeys(found))
    return (unknown_failure(text),)


def unknown_failure(text: str) -> Failure:
    """Return the last lines of an output that says nothing known, with general advice."""
    told = [line for line in text.split("\n") if line.strip() and not _NOISE.match(line)]
    last = "; ".join(line.strip() for line in told[-_LAST_LINES:])
    return Failure(
        _short(last),
        "The compiler failed and gives no known reason."
        if last
        else "The compiler failed without giving a reason.",
        "Check that every tensor is 8-bit with fixed sizes and at most 3 dimensions above 1; then "
        "try search_delegate=true, a larger timeout_s, or a smaller input.",
        "google-coral/edgetpu#714, #707, #800, #187",
    )


def _found(group: Sequence[Known], text: str) -> list[Known]:
    return [known for known in group if known.pattern.search(text)]


def _failure(known: Known, match: re.Match[str], version: str | None) -> Failure:
    words = {name: _short(value or "?") for name, value in match.groupdict().items()}
    if "code" in words:
        words["code"] = _operator_name(words["code"])
    remedy = known.remedy.format(**words)
    if known.is_version_gate and version is not None and _major(version) < _NEWEST:
        remedy = f"Use compiler 16, which knows newer operators. Else: {remedy}"
    return Failure(_short(match.group()), known.cause.format(**words), remedy, known.source)


def _operator_name(code: str) -> str:
    """Return the operator of a builtin code such as 150, GELU."""
    from ai_edge_litert.schema_py_generated import BuiltinOperator

    names = {value: name for name, value in vars(BuiltinOperator).items() if name.isupper()}
    known = names.get(int(code)) if len(code) <= len("1000") else None
    return f"{known} (builtin code {code})" if known else f"with builtin code {code}"


def _major(version: str) -> int:
    digits = version.split(".", 1)[0]
    return int(digits) if digits.isdigit() and len(digits) <= len("1000") else _NEWEST


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
