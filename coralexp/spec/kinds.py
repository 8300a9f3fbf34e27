"""What an option may hold: annotations read as rules that a value keeps or breaks.

Only annotations that a YAML file can satisfy are known: `bool`, `int`, `float`, `str`, `None`,
`Literal[...]`, `X | Y`, `tuple[...]`, `list[...]`, `Sequence[...]` and named tuples of these.
"""

from __future__ import annotations

import ast
import inspect
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from coralexp.spec.suggestions import nearest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from coralexp.spec.experiment import Value

_SEQUENCES = ("tuple", "list", "Sequence", "Tuple", "List")
_WORDS = {
    "bool": ("true or false", "true/false values"),
    "int": ("a whole number", "whole numbers"),
    "float": ("a number", "numbers"),
    "str": ("text", "texts"),
    "None": ("null", "nulls"),
}
_LONGEST = 80  # characters of a value that an error repeats


class MismatchError(Exception):
    """A value that an option may not hold; the text says what was expected."""


class Kind(Protocol):
    """What an option may hold."""

    def convert(self, value: Any) -> Value:
        """Return the value in its one form, such as 1.0 for the number 1.

        Raises:
            MismatchError: If the option may not hold it.
        """

    def words(self, *, several: bool = False) -> str:
        """Return what is expected, in words."""

    def literals(self) -> tuple[str, ...]:
        """Return the values worth proposing, as they are written on the command line."""


@dataclass(frozen=True)
class Scalar:
    """A plain value; `name` is `bool`, `int`, `float`, `str` or `None`."""

    name: str

    def convert(self, value: Any) -> Value:
        """Take an int for a float, and nothing else for anything else."""
        if self.name == "float" and type(value) is int:
            value = float(value)
        if type(value).__name__ != ("NoneType" if self.name == "None" else self.name):
            raise _mismatch(self, value)
        if self.name == "float" and math.isnan(value):
            raise MismatchError("expected a number, got nan")
        return value  # type: ignore[no-any-return]

    def words(self, *, several: bool = False) -> str:
        """Return `a whole number`, or `whole numbers`."""
        return _WORDS[self.name][several]

    def literals(self) -> tuple[str, ...]:
        """Propose true, false and null."""
        return {"bool": ("true", "false"), "None": ("null",)}.get(self.name, ())


@dataclass(frozen=True)
class OneOf:
    """One of a few values: `Literal["sgd", "adam"]`."""

    values: tuple[Any, ...]

    def convert(self, value: Any) -> Value:
        """Take one of the values; `True` is not 1 here."""
        for known in self.values:
            if type(known) is type(value) and known == value:
                return known  # type: ignore[no-any-return]
        raise _mismatch(self, value)

    def words(self, *, several: bool = False) -> str:
        """Return `one of: sgd, adam`."""
        return ("values out of: " if several else "one of: ") + ", ".join(self.literals())

    def literals(self) -> tuple[str, ...]:
        """Propose every value."""
        return tuple(shown(value) for value in self.values)


@dataclass(frozen=True)
class Either:
    """One of several kinds: `float | None`."""

    members: tuple[Kind, ...]

    def convert(self, value: Any) -> Value:
        """Take what the first willing member takes."""
        for member in self.members:
            try:
                return member.convert(value)
            except MismatchError:
                continue
        raise _mismatch(self, value)

    def words(self, *, several: bool = False) -> str:
        """Return `a number or null`."""
        return " or ".join(member.words(several=several) for member in self.members)

    def literals(self) -> tuple[str, ...]:
        """Propose what any member proposes."""
        return tuple(text for member in self.members for text in member.literals())


@dataclass(frozen=True)
class Several:
    """A list: of any length and one kind, or with a kind, and perhaps a name, for each place."""

    items: tuple[Kind, ...]
    any_length: bool
    names: tuple[str, ...] = ()

    def convert(self, value: Any) -> Value:
        """Take a list, or a mapping of all names where there are some; it becomes a tuple."""
        if self.names and isinstance(value, dict) and set(value) == set(self.names):
            value = [value[name] for name in self.names]
        if not isinstance(value, list | tuple) or (
            not self.any_length and len(value) != len(self.items)
        ):
            raise _mismatch(self, value)
        kinds = self.items * len(value) if self.any_length else self.items
        return tuple(kind.convert(item) for kind, item in zip(kinds, value, strict=True))

    def words(self, *, several: bool = False) -> str:
        """Return `a list of whole numbers`."""
        start = "lists" if several else "a list"
        if self.any_length:
            return f"{start} of {self.items[0].words(several=True)}"
        if self.names:
            return f"{start} [{', '.join(self.names)}] or {{{', '.join(self.names)}}} by name"
        return f"{start} [{', '.join(item.words() for item in self.items)}]"

    def literals(self) -> tuple[str, ...]:
        """Propose nothing."""
        return ()


def shown(value: Any) -> str:
    """Return a value as YAML and the command line spell it; text that is not a word is quoted."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value if value.replace("_", "a").replace("-", "a").isalnum() else repr(value)
    if isinstance(value, list | tuple):
        return f"[{', '.join(shown(item) for item in value)}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(item)}' for key, item in value.items())}}}"
    return str(value)


def kind_of(annotation: Any, names: Mapping[str, Any]) -> Kind:
    """Return the rule that an annotation states.

    Args:
        annotation: As `inspect.signature` gives it; a string in modules that postpone annotations.
        names: Globals of the function, in which an alias such as `Ends = Literal["int8"]` is found.

    Raises:
        ValueError: If it is none of those that a YAML file can satisfy.
    """
    text = annotation if isinstance(annotation, str) else inspect.formatannotation(annotation)
    try:
        return _read(ast.parse(text.strip(), mode="eval").body, names)
    except (SyntaxError, LookupError) as error:
        raise ValueError(f"{text!r} is no annotation that a YAML file can satisfy") from error


def _mismatch(kind: Kind, value: Any) -> MismatchError:
    given = shown(value)
    if len(given) > _LONGEST:  # a pasted file, say: its beginning tells which, all of it hides why
        given = f"{given[:_LONGEST]}... ({len(given)} characters)"
    elif isinstance(value, str) and (close := nearest(value, kind.literals())):
        given += f"; did you mean {close!r}?"
    return MismatchError(f"expected {kind.words()}, got {given}")


def _read(node: ast.expr, names: Mapping[str, Any]) -> Kind:
    match node:
        case ast.Constant(value=None):
            return Scalar("None")
        case ast.Constant(value=str(inner)):
            return _read(ast.parse(inner, mode="eval").body, names)
        case ast.Name(id=name) if name in _WORDS:
            return Scalar(name)
        case ast.Name(id=name):
            known = names[name]
            return _named(known) if hasattr(known, "_fields") else kind_of(known, names)
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            return Either((*_members(_read(left, names)), *_members(_read(right, names))))
        case ast.Subscript(value=outer, slice=inner):
            inners = inner.elts if isinstance(inner, ast.Tuple) else [inner]
            return _read_subscript(ast.unparse(outer).rpartition(".")[2], inners, names)
    raise LookupError(ast.dump(node))


def _named(cls: Any) -> Kind:
    """Return the rule of a named tuple."""
    fields: tuple[str, ...] = cls._fields
    written = inspect.get_annotations(cls)
    texts = [getattr(written[name], "__forward_arg__", written[name]) for name in fields]
    own = vars(inspect.getmodule(cls))
    kinds = tuple(kind_of(text, own) for text in texts)
    return Several(kinds, any_length=False, names=fields)


def _members(kind: Kind) -> tuple[Kind, ...]:
    return kind.members if isinstance(kind, Either) else (kind,)


def _read_subscript(outer: str, inners: list[ast.expr], names: Mapping[str, Any]) -> Kind:
    if outer == "Literal":
        return OneOf(tuple(ast.literal_eval(inner) for inner in inners))
    if outer == "Optional":
        return Either((_read(inners[0], names), Scalar("None")))
    if outer == "Union":
        return Either(tuple(_read(inner, names) for inner in inners))
    if outer in _SEQUENCES:
        endless = isinstance(inners[-1], ast.Constant) and inners[-1].value is Ellipsis
        kinds = tuple(_read(inner, names) for inner in inners[: len(inners) - endless])
        return Several(kinds, any_length=endless or outer not in {"tuple", "Tuple"})
    raise LookupError(outer)
