"""From a text as people copy it to the lines that the compiler printed."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_TERMINAL = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b\n]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
_QUOTE = re.compile(r"^(?:\s*>\s?)+")
_WIDE = re.compile(r"[\u3000\xa0]")  # blanks of other scripts and of web pages
_FENCE = re.compile(r"^\s*(?:```|~~~)")
_HEADER = r"Operator\s+Count\s+Status"
# Some pages lose the line ends, so that a line stands directly behind another.
_STARTS = (
    r"Edge TPU Compiler version \d|"
    r"Models? compiled successfully in |"
    r"Model successfully compiled but |"
    r"Input model:|"
    r"Input size:|"
    r"Output model:|"
    r"Output size:|"
    r"On-chip memory |"
    r"Off-chip memory |"
    r"Number of Edge TPU subgraphs:|"
    r"Number of operations that will run |"
    r"Total number of operations:|"
    r"Operation log:|"
    r"See the operation log file |"
    r"Started a compilation timeout timer |"
    r"Compilation child process |"
    r"Compilation succeeded!|"
    r"Compilation failed!|"
    r"(?<!Compilation failed: )Compilation failed(?:: | due to )|"
    r"Searching for valid delegate |"
    r"Try to compile segment with |"
    r"Intermediate tensors:|"
    r"Invalid model:|"
    r"Model not quantized|"
    r"Model could not be parsed|"
    r"Internal compiler error|"
    r"ERROR: |" + _HEADER
)
_GLUED = re.compile(rf"(?<=[^\n])(?={_STARTS})")
_GLUED_ROW = re.compile(rf"({_HEADER})[ \t]*(?=\S)", re.IGNORECASE)
_LONGEST = 20_000  # characters of a line; a list of intermediate tensors is the longest real one


def lines(text: str) -> Iterator[str]:
    """Yield the lines that are not blank, without what copying put around them.

    Taken away: colours, entities of HTML, quotation and code marks of Markdown, a byte-order mark,
    carriage returns, and lines that begin with `#`, where collections of logs name their source.
    Lines that lost their ends are parted again.
    """
    for line in re.split(r"\r\n|\r|\n", _TERMINAL.sub("", text.removeprefix("\ufeff"))):
        if not line or line.isspace():
            continue
        bare = _WIDE.sub(" ", _QUOTE.sub("", html.unescape(line[:_LONGEST])))
        if _FENCE.match(bare) or bare.lstrip().startswith("#"):
            continue
        if bare.lstrip().startswith("|"):  # a table of Markdown
            bare = bare.replace("|", "  ")
        for part in _GLUED.sub("\n", _GLUED_ROW.sub("\\1\n", bare)).split("\n"):
            yield part.strip(" \t\v\f`*").removeprefix("_")
