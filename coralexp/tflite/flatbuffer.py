"""Tables of a flatbuffer, read with every offset and length checked against the bytes.

The generated code trusts the bytes: a vector of any length becomes a loop of that length, and a
list may name one table a million times. This cursor takes what it gives out from a budget, reads
the place of the fields of equal tables once, and says what is wrong.
Format: https://flatbuffers.dev/internals/
"""

from __future__ import annotations

import struct
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_MOST_FIELDS = 64  # of a table that are looked at; the largest has 23

# A table with its entry in a list takes 16 bytes, and the largest models have 40,000. A number
# takes a byte, and the largest models quantize 700,000 channels; tensors that share a vector share
# what is made of it, so the second use costs less.
_BYTES_A_TABLE = 16
_MOST_TABLES = 200_000
_ITEMS_A_BYTE = 1
_MOST_ITEMS = 8_000_000
_SECOND_USE = 8  # times cheaper
_SMALL_FILE = 10_000  # tables and numbers that are granted to any file


class Budget:
    """What may still be given out: lists may all lead to one place, so the file bounds nothing.

    Args:
        tables: Entries in lists of tables and of strings.
        items: Numbers of vectors and characters of texts.
    """

    __slots__ = ("items", "tables")

    def __init__(self, tables: int, items: int) -> None:
        self.tables = tables
        self.items = items

    def charge_tables(self, count: int) -> None:
        """Take entries of a list out before they are read.

        Raises:
            ValueError: If there are not so many left.
        """
        self.tables -= count
        if self.tables < 0:
            raise ValueError("its lists are longer than those of any file of this size")

    def charge_items(self, count: int) -> None:
        """Take numbers or characters out before they are read.

        Raises:
            ValueError: If there are not so many left.
        """
        self.items -= count
        if self.items < 0:
            raise ValueError("it has more numbers and characters than any file of this size")


def budget_for(size_bytes: int) -> Budget:
    """Return what a file of this size may give out; it is far more than an honest one does."""
    return Budget(
        min(size_bytes // _BYTES_A_TABLE + _SMALL_FILE, _MOST_TABLES),
        min(size_bytes * _ITEMS_A_BYTE + _SMALL_FILE, _MOST_ITEMS),
    )


class Flatbuffer:
    """Bytes that hold a flatbuffer.

    Args:
        data: From its first byte on.
        budget: Shared by all flatbuffers of one file.
    """

    __slots__ = ("_fields", "budget", "data", "vectors")

    def __init__(self, data: memoryview, budget: Budget) -> None:
        self.data = data
        self.budget = budget
        self._fields: dict[int, tuple[int, ...]] = {}
        self.vectors: dict[tuple[int, str], tuple[int, ...]] = {}

    def root(self) -> Table:
        """Return the outermost table.

        Raises:
            ValueError: If the bytes are too few; every method of a table raises it in that case.
        """
        return self.table(self.integer("<I", 0))

    def table(self, at: int) -> Table:
        """Return the table that begins at a place, not below 0.

        Raises:
            ValueError: If no table can begin there.
        """
        index = at - self.integer("<i", at)
        fields = self._fields.get(index)
        if fields is None:
            fields = self._fields[index] = self._fields_at(index)
        return Table(self, at, fields)

    def integer(self, form: str, at: int) -> int:
        """Return a number, in the form of the module `struct`, at a place not below 0.

        Raises:
            ValueError: If it lies outside of the bytes.
        """
        return int(self._unpack(form, at))

    def real(self, at: int) -> float:
        """Return a number of four bytes at a place not below 0.

        Raises:
            ValueError: If it lies outside of the bytes.
        """
        return float(self._unpack("<f", at))

    def slice(self, start: int, length: int) -> memoryview:
        """Return some of the bytes, without copying them.

        Raises:
            ValueError: If they are not all there.
        """
        if start < 0 or start + length > len(self.data):
            raise ValueError(
                f"{length} bytes at {start} lie outside of the {len(self.data)} that are there"
            )
        return self.data[start : start + length]

    def target(self, at: int) -> int:
        """Return where the offset that lies at a place leads."""
        return at + self.integer("<I", at)

    def vector(self, start: int, item_bytes: int) -> memoryview:
        """Return the bytes of the vector that begins at a place with its length."""
        return self.slice(start + 4, self.integer("<I", start) * item_bytes)

    def _fields_at(self, index: int) -> tuple[int, ...]:
        if index < 0:
            raise ValueError("the list of a table's fields lies before the first byte")
        count = min((self.integer("<H", index) - 4) // 2, _MOST_FIELDS)
        if count <= 0:
            return ()
        return struct.unpack(f"<{count}H", self.slice(index + 4, 2 * count))

    def _unpack(self, form: str, at: int) -> float:
        try:
            return _struct(form).unpack_from(self.data, at)[0]  # type: ignore[no-any-return]
        except struct.error:
            raise ValueError(
                f"a number at {at} lies outside of the {len(self.data)} bytes that are there"
            ) from None


class Table:
    """One table; a field is named by its place in the schema, a union taking two places.

    Args:
        source: Bytes that it is in.
        at: Where it begins.
        fields: Where its fields are, counted from there; 0 for an absent one.
    """

    __slots__ = ("at", "fields", "source")

    def __init__(self, source: Flatbuffer, at: int, fields: tuple[int, ...]) -> None:
        self.source = source
        self.at = at
        self.fields = fields

    def int8(self, place: int) -> int:
        """Return a field of type `byte`."""
        return self._scalar("<b", place, 0)

    def int16(self, place: int) -> int:
        """Return a field of type `short`, or an enumeration of that type."""
        return self._scalar("<h", place, 0)

    def int32(self, place: int, default: int = 0) -> int:
        """Return a field of type `int`."""
        return self._scalar("<i", place, default)

    def int64(self, place: int) -> int:
        """Return a field of type `long`."""
        return self._scalar("<q", place, 0)

    def uint8(self, place: int) -> int:
        """Return a field of type `ubyte`, `bool`, or the kind of a union."""
        return self._scalar("<B", place, 0)

    def uint32(self, place: int) -> int:
        """Return a field of type `uint`."""
        return self._scalar("<I", place, 0)

    def uint64(self, place: int) -> int:
        """Return a field of type `ulong`."""
        return self._scalar("<Q", place, 0)

    def float32(self, place: int) -> float:
        """Return a field of type `float`; 0 if it is absent."""
        at = self._field(place)
        return self.source.real(at) if at else 0.0

    def table(self, place: int) -> Table | None:
        """Return a table that a field leads to; None if it is absent."""
        at = self._field(place)
        return self.source.table(self.source.target(at)) if at else None

    def vector(self, place: int, item_bytes: int = 1) -> memoryview:
        """Return the bytes of a vector or of a string; empty if it is absent."""
        at = self._field(place)
        if not at:
            return self.source.data[:0]
        return self.source.vector(self.source.target(at), item_bytes)

    def ints(self, place: int, kind: str = "i") -> tuple[int, ...]:
        """Return the numbers of a vector, `kind` in the letters of `struct`; none if absent."""
        return self._numbers(place, kind)

    def shared_numbers(self, place: int, kind: str) -> tuple[int, ...]:
        """Return the numbers of a vector that honest files share between many tables.

        It is read once; `kind` is in the letters of `struct`, `f` giving floats.
        """
        at = self._field(place)
        if not at:
            return ()
        key = (self.source.target(at), kind)
        known = self.source.vectors.get(key)
        if known is None:
            known = self.source.vectors[key] = self._numbers(place, kind)
        else:
            self.source.budget.charge_items(len(known) // _SECOND_USE)
        return known

    def text(self, place: int) -> str:
        """Return a string; empty if it is absent."""
        content = self.vector(place)
        self.source.budget.charge_items(len(content))
        return bytes(content).decode(errors="replace")

    def tables(self, place: int) -> Iterator[Table]:
        """Yield the tables of a vector of tables."""
        for at in self.references(place):
            yield self.source.table(self.source.target(at))

    def strings(self, place: int) -> Iterator[memoryview]:
        """Yield the bytes of each string of a vector of strings."""
        for at in self.references(place):
            yield self.source.vector(self.source.target(at), 1)

    def references(self, place: int) -> range:
        """Return where the offsets of a vector of tables or strings lie; none if it is absent."""
        at = self._field(place)
        if not at:
            return range(0)
        start = self.source.target(at)
        length = len(self.source.vector(start, 4))
        self.source.budget.charge_tables(length // 4)
        return range(start + 4, start + 4 + length, 4)

    def _numbers(self, place: int, kind: str) -> tuple[int, ...]:
        content = self.vector(place, struct.calcsize(f"<{kind}"))
        count = len(content) // struct.calcsize(f"<{kind}")
        self.source.budget.charge_items(count)
        return struct.unpack(f"<{count}{kind}", content)

    def _scalar(self, form: str, place: int, default: int) -> int:
        at = self._field(place)
        return self.source.integer(form, at) if at else default

    def _field(self, place: int) -> int:
        """Return where a field is; 0 if it is absent, as where the schema did not have it yet."""
        if place >= len(self.fields) or not self.fields[place]:
            return 0
        return self.at + self.fields[place]


@cache
def _struct(form: str) -> struct.Struct:
    return struct.Struct(form)
