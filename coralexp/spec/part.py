"""From the name of a function to the function, and from a part to a call that waits."""

from __future__ import annotations

import functools
import importlib
import inspect
from typing import TYPE_CHECKING, Any

from coralexp.errors import ConfigError, Problem
from coralexp.spec.experiment import ROOM_OF_GROUP, Part
from coralexp.spec.signature import Option, schema

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

__all__ = ["Option", "bind", "resolve", "schema"]

# What the pipeline passes to the part of a group, by place; a function that takes more or less is
# none of its parts, only a neighbour of theirs.
_PASSED = {"dataset": 0, "backbone": 1, "head": 2, "quant": 0, "device": 0, "training": 0}


def resolve(target: str, group: str, plugins: Sequence[str] = ()) -> Callable[..., Any]:
    """Return the function that a `_target_` names.

    A configuration may come from anywhere, and importing a module runs it. So nothing is imported
    but modules in the room of the group, and in packages that the user named.

    Args:
        target: Dotted path, such as `coralexp.backbones.mobilenetv2.build`.
        group: Such as `backbone`.
        plugins: Packages outside coralexp that are allowed too.

    Raises:
        ConfigError: If there is no such function, or it may not be named.
    """
    room = f"coralexp.{ROOM_OF_GROUP[group]}"
    module_name, _, name = target.rpartition(".")
    allowed = (room, *plugins)
    if not _inside(module_name, allowed):
        raise _refusal(group, _not_public(target, room))
    try:
        module = importlib.import_module(module_name)
    except ImportError as error:
        raise _refusal(group, f"cannot be found ({error}){_where(module_name)}") from error
    except Exception as error:  # a module of the user's may raise anything
        text = f"importing {module_name} raised {type(error).__name__}: {error}"
        raise _refusal(group, text) from error
    function = getattr(module, name, None)
    if function is None:
        raise _refusal(group, f"cannot be found (module {module_name!r} has no {name!r})")
    if (
        name.startswith("_")
        or not inspect.isfunction(function)
        or not _inside(function.__module__, allowed)
        or (_inside(module_name, (room,)) and not _is_part(function, module_name, group))
    ):
        raise _refusal(group, _not_public(target, room))
    return function


def bind(part: Part, plugins: Sequence[str] = ()) -> functools.partial[Any]:
    """Return the part's function with its options; what the pipeline passes is still open.

    Raises:
        ConfigError: If there is no such function, or it may not be named.
    """
    return functools.partial(resolve(part.target, part.group, plugins), **part.options)


def options_of(function: Callable[..., object], group: str) -> Mapping[str, Option]:
    """Return the options of a part's function.

    Raises:
        ConfigError: If its signature cannot be a schema.
    """
    try:
        return schema(function)
    except ValueError as error:
        text = f"{function.__module__}.{function.__qualname__} cannot be configured: {error}"
        raise _refusal(group, text) from error


def _is_part(function: Callable[..., object], module: str, group: str) -> bool:
    """Return whether a function of a room is a choice's, and not one that parts call.

    A part is made in a module of the room itself: what is below it, such as the reading of weights,
    and what a module imports from there, opens files and downloads.
    """
    below = module.removeprefix(f"coralexp.{ROOM_OF_GROUP[group]}").count(".")
    parameters = inspect.signature(function).parameters.values()
    passed = sum(parameter.kind is parameter.POSITIONAL_OR_KEYWORD for parameter in parameters)
    return below == 1 and function.__module__ == module and passed == _PASSED[group]


def _inside(module: str, packages: Sequence[str]) -> bool:
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _refusal(group: str, text: str) -> ConfigError:
    return ConfigError([Problem(f"{group}._target_", text)])


def _not_public(target: str, room: str) -> str:
    return (
        f"{target!r} is not a public function of {room} "
        "(for one of another package, name that package: machine.plugins=[...])"
    )


def _where(module: str) -> str:
    if module.startswith("coralexp."):
        return ""
    return "; install the package, or start with `python -m coralexp` in the folder that holds it"
