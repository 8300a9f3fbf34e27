"""The batches of CIFAR's Python archives: pickles, read without running what is in them.

A pickle is a program. Before any of it is carried out, every operation is looked at: only those
that spell numbers, texts, lists, dictionaries and NumPy's arrays are let pass. The three names that
such an array needs are then answered by functions of this module that keep what they are given, so
nothing outside of it is ever called; NumPy gets the finished bytes.
"""

from __future__ import annotations

import io
import pickle  # noqa: S403 - taught to call nothing, see above
import pickletools
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt

from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable

# Numbers, texts, lists and dictionaries, arrays, and what holds a pickle together.
_KNOWN = frozenset(
    """
    NONE NEWTRUE NEWFALSE INT LONG LONG1 BININT BININT1 BININT2
    STRING BINSTRING SHORT_BINSTRING BINBYTES SHORT_BINBYTES UNICODE BINUNICODE SHORT_BINUNICODE
    MARK TUPLE EMPTY_TUPLE TUPLE1 TUPLE2 TUPLE3 LIST EMPTY_LIST APPEND APPENDS
    DICT EMPTY_DICT SETITEM SETITEMS
    GLOBAL STACK_GLOBAL REDUCE BUILD
    PROTO FRAME PUT BINPUT LONG_BINPUT GET BINGET LONG_BINGET MEMOIZE STOP
    """.split()  # noqa: SIM905 - a table of names reads better than a column of them
)
_NUMBERED = frozenset({"PUT", "BINPUT", "LONG_BINPUT"})
_MOST_REMEMBERED = 1 << 20  # a real batch remembers some 20,000 values; a list is made that long
_DIGITS = 32  # of a number; the text of a long one takes quadratic time to read
_DTYPES = ("u1", "i1", "i2", "i4", "i8", "u2", "u4", "u8")
_STATE = 5  # version, shape, dtype, whether in Fortran's order, bytes


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """What is in the pickle belongs to no batch."""


def read_batch(data: bytes, name: str) -> dict[str, object]:
    """Read a pickle that holds a dictionary of numbers, texts, lists and arrays.

    Args:
        data: The whole pickle, of protocol 0 to 4; written by Python 2, as the official ones, or 3.
        name: What it is called in messages.

    Returns:
        What it holds, arrays as arrays; the keys are str, texts in values bytes or str.

    Raises:
        DatasetError: If there is anything else in it; nothing of it has been carried out then.
    """
    try:
        _look_through(data)
        content = _Reader(io.BytesIO(data), encoding="bytes").load()
    except _Refused as error:
        raise DatasetError(
            f"{name}: holds {error}, which no batch of CIFAR does and which could run a program; "
            "take the archive from its publisher"
        ) from error
    except Exception as error:  # damage is answered by exceptions of many kinds
        raise DatasetError(
            f"{name}: is damaged or no batch of CIFAR ({type(error).__name__}: {error})"
        ) from error
    if not isinstance(content, dict):
        raise DatasetError(f"{name}: holds no dictionary, so it is no batch of CIFAR")
    return {str(_text(key)): _finished(value) for key, value in content.items()}


def _look_through(data: bytes) -> None:
    """Refuse operations that no batch needs, and such as would take unbounded memory or time."""
    for operation, argument, _ in pickletools.genops(data):
        if operation.name not in _KNOWN:
            raise _Refused(f"the operation {operation.name}")
        if operation.name in _NUMBERED and int(argument or 0) >= _MOST_REMEMBERED:
            raise _Refused(f"the operation {operation.name} {argument}")
        if isinstance(argument, int) and abs(argument) >= 10**_DIGITS:
            raise _Refused(f"a number of more than {_DIGITS} digits")


@dataclass
class _StoredType:
    """A dtype as it is pickled; its state adds the order of bytes."""

    name: object
    order: object = "|"

    def __setstate__(self, state: object) -> None:
        if isinstance(state, tuple) and len(state) > 1:
            self.order = _text(state[1])

    def dtype(self) -> np.dtype[np.generic]:
        name = _text(self.name)
        if name not in _DTYPES or self.order not in {"|", "<", ">", "="}:
            raise _Refused(f"an array of {name!r}")
        return np.dtype(f"{self.order}{name}")


class _StoredArray:
    """An array as it is pickled: its bytes and what they mean."""

    def __init__(self) -> None:
        self.values: npt.NDArray[np.generic] | None = None

    def __setstate__(self, state: object) -> None:
        if not isinstance(state, tuple) or len(state) != _STATE:
            raise _Refused("an array of another form")
        _, shape, stored, fortran, data = state
        if not isinstance(stored, _StoredType) or not isinstance(data, bytes):
            raise _Refused("an array that is not of numbers")
        if not isinstance(shape, tuple) or not all(type(side) is int for side in shape):
            raise _Refused("an array without a shape")
        flat = np.frombuffer(data, stored.dtype())
        self.values = flat.reshape(shape, order="F" if fortran is True else "C")


class _Answer:
    """What a name in a pickle stands for: it can be called and nothing else."""

    __slots__ = ("make",)

    def __init__(self, make: Callable[..., object]) -> None:
        self.make = make

    def __call__(self, *given: object) -> object:
        return self.make(*given)

    def __setstate__(self, state: object) -> None:
        raise _Refused("a change of a function")


def _array(*_: object) -> _StoredArray:
    return _StoredArray()


def _type(name: object, *_: object) -> _StoredType:
    return _StoredType(name)


def _bytes(text: object, encoding: object = "latin1") -> bytes:
    """Return bytes that Python 3 spells so in protocol 2."""
    if not isinstance(text, str) or encoding not in {"latin1", b"latin1"}:
        raise _Refused("bytes spelled in another way")
    return text.encode("latin1")


def _nothing(*_: object) -> NoReturn:  # numpy.ndarray is passed on, never called
    raise _Refused("a call of numpy.ndarray")


_ANSWERS = {
    ("numpy.core.multiarray", "_reconstruct"): _Answer(_array),
    ("numpy._core.multiarray", "_reconstruct"): _Answer(_array),
    ("_codecs", "encode"): _Answer(_bytes),
    ("numpy", "ndarray"): _Answer(_nothing),
    ("numpy", "dtype"): _Answer(_type),
}


class _Reader(pickle.Unpickler):  # noqa: S301 - this is what makes it safe
    """Finds the names of this module's own answers and no other."""

    def find_class(self, module: str, name: str) -> object:
        if (module, name) not in _ANSWERS:
            raise _Refused(f"{module}.{name}")
        return _ANSWERS[module, name]


def _finished(value: object) -> object:
    return value.values if isinstance(value, _StoredArray) else value


def _text(value: object) -> object:
    return value.decode("utf-8", "backslashreplace") if isinstance(value, bytes) else value
