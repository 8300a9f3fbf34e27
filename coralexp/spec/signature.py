"""The signature is the schema: keyword-only arguments are the options of a part."""

from __future__ import annotations

import inspect
from dataclasses import dataclass
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from coralexp.errors import Problem
from coralexp.spec.kinds import Kind, MismatchError, kind_of
from coralexp.spec.suggestions import unknown

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from coralexp.spec.experiment import Value

MISSING = "???"  # how Hydra's YAML files spell a value that the user has to give


@dataclass(frozen=True)
class Option:
    """One keyword-only argument.

    Attributes:
        name: Of the argument.
        annotation: As it is written in the signature.
        kind: What it may hold.
        default: What it holds if nothing is said; meaningless if it is required.
        required: Whether a value has to be given.
    """

    name: str
    annotation: str
    kind: Kind
    default: Value
    required: bool


@lru_cache(maxsize=256)
def schema(function: Callable[..., object]) -> Mapping[str, Option]:
    """Return the options of a part's function, in the order of its signature.

    Only keyword-only arguments are read: the annotations of the others may name types that are
    imported for type checking alone, which is why `typing.get_type_hints` is of no use here.

    Raises:
        ValueError: If an annotation is none that a YAML file can satisfy.
    """
    options = {}
    for name, parameter in inspect.signature(function).parameters.items():
        if parameter.kind is not inspect.Parameter.KEYWORD_ONLY:
            continue
        annotation = parameter.annotation
        if annotation is inspect.Parameter.empty:
            raise ValueError(f"argument {name!r} has no annotation")
        kind = kind_of(annotation, getattr(function, "__globals__", {}))
        required = parameter.default is inspect.Parameter.empty
        written = (
            annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
        )
        default = None if required else _in_its_form(kind, parameter.default)
        options[name] = Option(name, written, kind, default, required)
    return MappingProxyType(options)


def fill(
    options: Mapping[str, Option], given: Mapping[str, Any], texts: Mapping[str, str]
) -> tuple[dict[str, Value], list[Problem]]:
    """Check given values and fill the defaults in.

    Args:
        options: Schema.
        given: Option names to values as YAML or the command line hold them.
        texts: Option names to what was written on the command line: there a number is also text,
            so that a folder may be called 2024.

    Returns:
        A value for every option that has one, and what is wrong; keys of problems are option names.
    """
    values: dict[str, Value] = {}
    problems = [
        Problem(name, unknown("option", name, options)) for name in given if name not in options
    ]
    for name, option in options.items():
        value = given.get(name, MISSING)
        if isinstance(value, str) and value == MISSING:
            if option.required:
                problems.append(Problem(name, f"a value is needed: {option.kind.words()}"))
            else:
                values[name] = option.default
            continue
        try:
            values[name] = convert(option.kind, value, texts.get(name))
        except MismatchError as error:
            problems.append(Problem(name, str(error)))
    return values, problems


def convert(kind: Kind, value: Any, text: str | None = None) -> Value:
    """Return a value in its one form.

    Args:
        kind: What is allowed.
        value: As YAML or the command line hold it.
        text: What was written on the command line, if it came from there.

    Raises:
        MismatchError: If it is not allowed.
    """
    if "${" in repr(value):
        raise MismatchError("must not contain '${', which a stored configuration cannot hold")
    try:
        return kind.convert(value)
    except MismatchError:
        if text is None or type(value) not in {int, float}:
            raise
        try:
            return kind.convert(text)
        except MismatchError:
            pass
        raise


def _in_its_form(kind: Kind, default: Any) -> Value:
    try:
        return kind.convert(default)
    except MismatchError:  # a type checker's business; the function works with its own default
        return default  # type: ignore[no-any-return]
