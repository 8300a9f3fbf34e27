"""Byte strings in a map of a flexbuffer, read with every offset checked against the bytes.

A flexbuffer is written children first: its last byte is the width of the root value, the byte
before is the root's type, and offsets point backwards. Format: https://flatbuffers.dev/flexbuffers/
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from coralexp.tflite.flatbuffer import Budget

_WIDTHS = frozenset({1, 2, 4, 8})
_STRING, _MAP, _VECTOR, _BLOB = 5, 9, 10, 25
_LONGEST_KEY = 64


@dataclass(frozen=True)
class Value:
    """One value.

    Attributes:
        data: The whole flexbuffer.
        at: Where the value is stored, or the offset to it.
        width: Bytes of what is stored there.
        packed_type: Its type, and the width of what an offset leads to.
        budget: Shared by everything that is read of one file.
    """

    data: memoryview
    at: int
    width: int
    packed_type: int
    budget: Budget

    def content(self) -> memoryview | None:
        """Return the bytes of a string or a blob; None for a value of another type."""
        if self.packed_type >> 2 not in {_STRING, _BLOB}:
            return None
        start, width = self._target()
        length = _number(self.data, start - width, width)
        if start < 0 or length > len(self.data) - start:
            raise ValueError("a string reaches beyond the end")
        return self.data[start : start + length]

    def items(self) -> list[Value]:
        """Return the values of an untyped vector or of a map; none for another type."""
        if self.packed_type >> 2 not in {_MAP, _VECTOR}:
            return []
        start, width = self._target()
        count = _number(self.data, start - width, width)
        self.budget.charge_tables(count)
        types = start + count * width
        return [
            Value(
                self.data,
                start + index * width,
                width,
                _number(self.data, types + index, 1),
                self.budget,
            )
            for index in range(count)
        ]

    def fields(self) -> dict[bytes, Value]:
        """Return the values of a map by their keys; none for another type."""
        if self.packed_type >> 2 != _MAP:
            return {}
        start, width = self._target()
        keys_at = start - 3 * width
        keys = keys_at - _number(self.data, keys_at, width)
        keys_width = _number(self.data, start - 2 * width, width)
        return {
            self._key(keys + index * keys_width, keys_width): value
            for index, value in enumerate(self.items())
        }

    def _key(self, at: int, width: int) -> bytes:
        start = at - _number(self.data, at, width)
        if not 0 <= start < len(self.data):
            raise ValueError("a key lies outside of the map")
        return bytes(self.data[start : start + _LONGEST_KEY]).partition(b"\0")[0]

    def _target(self) -> tuple[int, int]:
        """Return where an offset leads, and the width of what is there."""
        return self.at - _number(self.data, self.at, self.width), 1 << (self.packed_type & 3)


def root_value(data: memoryview, budget: Budget) -> Value:
    """Return the outermost value of a flexbuffer.

    Raises:
        ValueError: If the bytes are too few or wrong; every method of a value raises it, too.
    """
    width = _number(data, len(data) - 1, 1)
    return Value(data, len(data) - 2 - width, width, _number(data, len(data) - 2, 1), budget)


def _number(data: memoryview, at: int, width: int) -> int:
    if width not in _WIDTHS or not 0 <= at <= len(data) - width:
        raise ValueError(f"a number of {width} bytes at {at} of {len(data)}")
    return int.from_bytes(data[at : at + width], "little")
