"""Calling parts with the door to TensorFlow shut.

Whether a backbone can take an image side, or has ImageNet weights of a shape, only the backbone
knows; a list of such rules elsewhere would be a second copy. So its function is called, for every
job, before the first one starts. Building the network would take seconds, and importing TensorFlow
even more. But a part refuses its arguments before it imports TensorFlow, and it imports from one
place alone, `coralexp.tf_runtime`. While that place is replaced by a door that lets nobody in, the
part runs exactly its checks: to reach the door is to have accepted.
"""

from __future__ import annotations

import contextlib
import sys
import types
from typing import TYPE_CHECKING, Any

import coralexp

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_DOOR = "tf_runtime"


class _DoorReachedError(BaseException):
    """Not an `Exception`, so that no part catches it by accident."""


class _ShutDoor(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # the import system asks for `__spec__` and the like
            raise AttributeError(name)
        raise _DoorReachedError


class Accepted:
    """What a part answers that would have gone on to TensorFlow."""


ACCEPTED = Accepted()
_memory: dict[object, object] | None = None


@contextlib.contextmanager
def remembering() -> Generator[None]:
    """Ask no part the same question twice, for as long as this lasts.

    It lasts for one command: a folder that lacked images a minute ago may have some now.
    """
    global _memory  # noqa: PLW0603 - callers at both ends of a callback share it
    before, _memory = _memory, {}
    try:
        yield
    finally:
        _memory = before


def ask(
    function: Callable[..., object], inputs: tuple[Any, ...], options: Mapping[str, Any]
) -> Any:
    """Call a part's function as far as TensorFlow.

    Args:
        function: Of the part.
        inputs: What the pipeline passes.
        options: What the configuration passes.

    Returns:
        What the function returns, or `ACCEPTED` if it would have gone on to TensorFlow. An
        exception that it raised is returned too, not raised.
    """
    key = (function, repr(inputs), repr(sorted(options.items())))
    if _memory is None:
        return _call(function, inputs, options)
    if key not in _memory:
        _memory[key] = _call(function, inputs, options)
    return _memory[key]


def _call(
    function: Callable[..., object], inputs: tuple[Any, ...], options: Mapping[str, Any]
) -> object:
    with _door_shut():
        try:
            return function(*inputs, **options)
        except _DoorReachedError:
            return ACCEPTED
        except Exception as error:  # noqa: BLE001 - the caller tells which part raised what
            return error


@contextlib.contextmanager
def _door_shut() -> Generator[None]:
    """Put a shut door in the place of `coralexp.tf_runtime`, and put back what was there."""
    name = f"{coralexp.__name__}.{_DOOR}"
    door = _ShutDoor(name)
    module, attribute = sys.modules.get(name), vars(coralexp).get(_DOOR)
    sys.modules[name] = door
    setattr(coralexp, _DOOR, door)
    try:
        yield
    finally:
        if module is None:
            sys.modules.pop(name, None)
        else:
            sys.modules[name] = module
        if attribute is None:
            delattr(coralexp, _DOOR)
        else:
            setattr(coralexp, _DOOR, attribute)
