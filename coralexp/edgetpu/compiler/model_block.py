"""One compiled model while its lines are being read."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from coralexp.edgetpu.compiler.output import ModelOutput, Row
from coralexp.edgetpu.compiler.size import SIZE, read_size

if TYPE_CHECKING:
    from coralexp.edgetpu.compiler.output import CountsFrom

_PATHS = {"input model": "input_path", "output model": "output_path", "operation log": "log_path"}
_SIZES = {
    "input size": "input_size",
    "output size": "output_size",
    "on-chip memory available": "on_chip_available",
    "on-chip memory used": "on_chip_used",
    "on-chip memory remaining": "on_chip_remaining",
    "off-chip memory used": "off_chip",
}
_COUNTS = {
    "number of edge tpu subgraphs": "subgraphs",
    "total number of operations": "total_ops",
    "number of operations that will run on edge tpu": "edgetpu_ops",
    "number of operations that will run on cpu": "cpu_ops",
}
_FIELD = re.compile(
    rf"^(?P<label>(?:{'|'.join((*_PATHS, *_SIZES, *_COUNTS))}))(?P<rest>[^:]*):\s*(?P<value>.*)$",
    re.IGNORECASE,
)
_FILE_FIELD = re.compile(r"^(?P<label>input|output):\s+(?P<value>\S.*)$", re.IGNORECASE)
_ROW = re.compile(r"^(?P<op>[A-Za-z_][\w.:/-]*)\s+(?P<count>\d{1,9})\s+(?P<status>[A-Z].*)$")
_LOGGED_ROW = re.compile(  # behind a time or a level, as logging programs write it
    r"(?:^|[\s:\]])(?P<op>[A-Z][A-Z0-9_]+)\s+(?P<count>\d{1,9})\s+"
    r"(?P<status>(?:Mapped to|Operation |More than one |Tensor has |Only |Filter, ).*)$"
)
_PARAGRAPH = "model successfully compiled but"
_COUNT_DIGITS = 9
_RESULTS = ("output_size", "on_chip_used", "off_chip", "subgraphs", "total_ops", "edgetpu_ops")


@dataclass
class ModelBlock:
    """Collects what is said of one model.

    Attributes:
        fields: Names of `ModelOutput` to values.
        rows: Of the table.
        partly: Whether the paragraph says that not every operator is mapped.
        went_on: Whether something follows the total, so that a missing count is no cut copy.
    """

    fields: dict[str, object] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    partly: bool = False
    went_on: bool = False

    def has(self, name: str) -> bool:
        """Whether that field is known already."""
        return name in self.fields

    @property
    def is_of_success(self) -> bool:
        """Whether it tells what only a finished compilation has."""
        return bool(self.rows) or any(self.has(name) for name in _RESULTS)

    def finish(self) -> ModelOutput:
        """Return the model, its counts completed as far as they follow from the others."""
        model = dataclasses.replace(ModelOutput(), **self.fields, rows=tuple(self.rows))  # type: ignore[arg-type]
        total, mapped, left = model.total_ops, model.edgetpu_ops, model.cpu_ops
        table = sum(row.count for row in self.rows)
        origin: CountsFrom = "unknown"
        if mapped is not None or left is not None:
            origin = "printed"
            if total is None and mapped is not None and left is not None:
                total = mapped + left
            if total is not None and mapped is None and left is not None:
                mapped = total - left
            if total is not None and left is None and mapped is not None:
                left = total - mapped
        elif self.rows and total in (None, table):
            origin, total = "table", table
            mapped = sum(row.count for row in self.rows if row.is_mapped)
            left = table - mapped
        elif total is not None and self.went_on and not self.partly:
            origin, mapped, left = "total", total, 0
        if any(count is not None and count < 0 for count in (mapped, left)):
            mapped, left, origin = None, None, "unknown"  # counts of two texts mixed up
        return dataclasses.replace(
            model, total_ops=total, edgetpu_ops=mapped, cpu_ops=left, counts_from=origin
        )


def read_field(line: str) -> tuple[str, object] | None:
    """Return the field that a line of the output tells, and its value, or None."""
    found = _FIELD.match(line)
    if found is None:
        return None
    label, value = found["label"].lower(), found["value"].strip()
    if label in _PATHS:
        return (_PATHS[label], value) if value and not found["rest"] else None
    if label in _SIZES:
        size = read_size(value)
        return None if size is None else (_SIZES[label], size)
    digits = re.match(r"\d+", value)
    if digits is None or len(digits.group()) > _COUNT_DIGITS:
        return None
    return _COUNTS[label], int(digits.group())


def read_file_field(line: str) -> tuple[str, str] | None:
    """Return the field that a line of a log file's head tells: `Input: P` or `Output: P`."""
    found = _FILE_FIELD.match(line)
    return None if found is None else (f"{found['label'].lower()}_path", found["value"].strip())


def read_row(line: str, *, in_table: bool) -> Row | None:
    """Return the row of the table in a line, or None.

    Args:
        line: Stripped.
        in_table: Whether the head of a table came before; without it only what cannot be prose is
            taken.
    """
    found = _ROW.match(line)
    if found is None or not (in_table or _is_row(found["op"], found["status"])):
        found = _LOGGED_ROW.search(line)
    if found is None:
        return None
    return Row(found["op"], int(found["count"]), found["status"].strip())


def is_partly_mapped(line: str) -> bool:
    """Whether a line begins the paragraph that says that not every operator is mapped."""
    return line.lower().startswith(_PARAGRAPH)


def path_and_size(value: str) -> tuple[str, str | None]:
    """Part `model.tflite (59.10 MiB)`, as some copies write it."""
    path, bracket, size = value.removesuffix(")").rpartition("(")
    if not value.endswith(")") or not bracket or not re.fullmatch(SIZE, size):
        return value, None
    return path.strip(), size


def _is_row(op: str, status: str) -> bool:
    words = ("Mapped", "Operation", "More than one", "Tensor ", "Only ", "Filter", "Image-", "For ")
    return re.fullmatch(r"[A-Z][A-Z0-9_]+", op) is not None and status.startswith(words)
