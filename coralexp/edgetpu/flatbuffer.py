"""Tables of a flatbuffer, read with every offset and length checked against the bytes.

The generated code trusts the bytes: a negative offset counts from the end, a long vector is a
long loop. Compiled files nest flatbuffers in one another, and there is no generated code for them
in Python, so this small cursor is all that is needed, and it trusts nothing.
Format: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_READ = 500_000  # entries of lists and characters of names; the largest files have thousands


@dataclass
class Budget:
    """What may still be read: lists may all point at one table, so their lengths bound nothing.

    Attributes:
        left: Entries and characters.
    """

    left: int = _MOST_READ

    def charge(self, count: int) -> None:
        """Take something out before it is read.

        Raises:
            ValueError: If there is not enough left.
        """
        self.left -= count
        if self.left < 0:
            raise ValueError("its lists are longer than those of any compiled model")


@dataclass(frozen=True)
class Table:
    """One table; a field is named by its place in the schema, a union taking two places.

    Attributes:
        data: The whole flatbuffer that the table is in.
        at: Where it begins.
        budget: Shared by everything that is read of one file.
    """

    data: memoryview
    at: int
    budget: Budget

    def int16(self, place: int, default: int = 0) -> int:
        """Return a field of type `short` or of an enumeration of that type."""
        return self._scalar("<h", place, default)

    def int32(self, place: int, default: int = 0) -> int:
        """Return a field of type `int`."""
        return self._scalar("<i", place, default)

    def int64(self, place: int, default: int = 0) -> int:
        """Return a field of type `int64`."""
        return self._scalar("<q", place, default)

    def uint64(self, place: int, default: int = 0) -> int:
        """Return a field of type `uint64`."""
        return self._scalar("<Q", place, default)

    def uint8(self, place: int, default: int = 0) -> int:
        """Return a field of type `ubyte`, `bool`, or the kind of a union."""
        return self._scalar("<B", place, default)

    def float32(self, place: int) -> float:
        """Return a field of type `float`; 0 if it is absent."""
        at = self._field(place)
        if at is None:
            return 0.0
        _check(self.data, at, 4)
        return float(struct.unpack_from("<f", self.data, at)[0])

    def table(self, place: int) -> Table | None:
        """Return a table that a field refers to; None if it is absent."""
        at = self._field(place)
        return None if at is None else Table(self.data, self._target(at), self.budget)

    def vector(self, place: int, item_bytes: int = 1) -> memoryview:
        """Return the bytes of a vector or of a string; empty if it is absent."""
        at = self._field(place)
        return self.data[:0] if at is None else self._vector(self._target(at), item_bytes)

    def text(self, place: int) -> str:
        """Return a string; empty if it is absent."""
        content = self.vector(place)
        self.budget.charge(len(content))
        return bytes(content).decode(errors="replace")

    def tables(self, place: int) -> Iterator[Table]:
        """Yield the tables of a vector of tables."""
        for at in self._references(place):
            yield Table(self.data, self._target(at), self.budget)

    def strings(self, place: int) -> Iterator[memoryview]:
        """Yield the bytes of each string of a vector of strings."""
        for at in self._references(place):
            yield self._vector(self._target(at), 1)

    def _references(self, place: int) -> range:
        at = self._field(place)
        if at is None:
            return range(0)
        start = self._target(at)
        length = len(self._vector(start, 4))
        self.budget.charge(length // 4)
        return range(start + 4, start + 4 + length, 4)

    def _vector(self, start: int, item_bytes: int) -> memoryview:
        length = integer(self.data, "<I", start) * item_bytes
        _check(self.data, start + 4, length)
        return self.data[start + 4 : start + 4 + length]

    def _target(self, at: int) -> int:
        return at + integer(self.data, "<I", at)

    def _scalar(self, form: str, place: int, default: int) -> int:
        at = self._field(place)
        return default if at is None else integer(self.data, form, at)

    def _field(self, place: int) -> int | None:
        fields = self.at - integer(self.data, "<i", self.at)
        entry = 4 + 2 * place
        if entry + 2 > integer(self.data, "<H", fields):
            return None  # written by a schema that did not have this field yet
        offset = integer(self.data, "<H", fields + entry)
        return self.at + offset if offset else None


def root(data: memoryview, budget: Budget) -> Table:
    """Return the outermost table of a flatbuffer.

    Raises:
        ValueError: If the bytes are too few; every method of a table raises it in that case.
    """
    return Table(data, integer(data, "<I", 0), budget)


def integer(data: memoryview, form: str, at: int) -> int:
    """Return a number, in the form of the module `struct`.

    Raises:
        ValueError: If it lies outside of the bytes.
    """
    _check(data, at, struct.calcsize(form))
    return int(struct.unpack_from(form, data, at)[0])


def _check(data: memoryview, at: int, length: int) -> None:
    if at < 0 or at + length > len(data):
        raise ValueError(f"{length} bytes at {at} lie outside of the {len(data)} that are there")
