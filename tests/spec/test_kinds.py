"""Annotations as rules."""

from __future__ import annotations

from typing import Literal, NamedTuple, Optional, Union

import pytest

from coralexp.spec.kinds import MismatchError, kind_of

Ends = Literal["int8", "uint8"]


@pytest.mark.parametrize(
    ("annotation", "value", "expected"),
    [
        ("int", 3, 3),
        ("float", 3, 3.0),
        ("float", 1e-3, 1e-3),
        ("bool", True, True),
        ("str", "a", "a"),
        ("float | None", None, None),
        ("float | None", 2, 2.0),
        ("int | float", 2, 2),
        ("Literal['a', 'b']", "b", "b"),
        ("Literal[1, 3]", 3, 3),
        ("Literal['std'] | None", None, None),
        ("Ends", "int8", "int8"),
        ("'int'", 1, 1),
        ("tuple[int, ...]", [1, 2], (1, 2)),
        ("tuple[int, float]", [1, 2], (1, 2.0)),
        ("list[str]", [], ()),
        ("Sequence[int]", [1], (1,)),
        ("list[list[int]]", [[1], []], ((1,), ())),
        ("typing.Literal['a']", "a", "a"),
        ("Optional[int]", None, None),
        ("Union[int, str]", "a", "a"),
        (int, 3, 3),
        (float | None, 3, 3.0),
        (Optional[int], None, None),  # noqa: UP045 - plugins may spell it so
        (Union[int, str], "a", "a"),  # noqa: UP007
        (Literal["b"], "b", "b"),
        (tuple[int, ...], [1], (1,)),
    ],
    ids=str,
)
def test_a_value_that_fits_comes_in_its_one_form(
    annotation: object, value: object, expected: object
) -> None:
    found = kind_of(annotation, globals()).convert(value)

    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("annotation", "value", "text"),
    [
        ("int", True, "expected a whole number, got true"),
        ("int", 1.0, "expected a whole number, got 1.0"),
        ("int", "1", "expected a whole number, got 1"),
        ("float", True, "expected a number, got true"),
        ("float", float("nan"), "expected a number, got nan"),
        ("bool", 1, "expected true or false, got 1"),
        ("bool", "ture", "expected true or false, got ture; did you mean 'true'?"),
        ("str", None, "expected text, got null"),
        ("int | None", "x", "expected a whole number or null, got x"),
        (
            "Literal['adam', 'sgd']",
            "adm",
            "expected one of: adam, sgd, got adm; did you mean 'adam'?",
        ),
        ("Literal[1, 3]", True, "expected one of: 1, 3, got true"),
        ("tuple[int, ...]", 3, "expected a list of whole numbers, got 3"),
        ("tuple[int, ...]", [1, "a b"], "expected a whole number, got 'a b'"),
        ("tuple[int, int]", [1], "expected a list [a whole number, a whole number], got [1]"),
        ("str", {"a": 1}, "expected text, got {a: 1}"),
    ],
    ids=str,
)
def test_a_value_that_does_not_fit_is_refused_in_words(
    annotation: str, value: object, text: str
) -> None:
    with pytest.raises(MismatchError) as caught:
        kind_of(annotation, globals()).convert(value)

    assert str(caught.value) == text


@pytest.mark.parametrize("annotation", ["np.ndarray", "dict[str, int]", "Unknown", "int |", object])
def test_an_annotation_that_no_yaml_satisfies_is_refused(annotation: object) -> None:
    with pytest.raises(ValueError, match="is no annotation that a YAML file can satisfy"):
        kind_of(annotation, globals())


class Shares(NamedTuple):
    """Numbers by name."""

    train: float
    test: float


def test_a_named_tuple_is_given_as_a_list_or_by_name() -> None:
    kind = kind_of("Shares | None", globals())

    assert kind.convert([1, 0.5]) == kind.convert({"test": 0.5, "train": 1}) == (1.0, 0.5)
    assert kind.convert(None) is None
    for wrong in ({"train": 1}, {"train": 1, "test": 1, "tset": 1}, [1], {"train": "a", "test": 1}):
        with pytest.raises(
            MismatchError, match=r"\[train, test\] or \{train, test\} by name or null"
        ):
            kind.convert(wrong)


def test_values_worth_proposing() -> None:
    kind = kind_of("Literal['a', 'b'] | bool | None", {})

    assert kind.literals() == ("a", "b", "true", "false", "null")


@pytest.mark.parametrize(
    ("annotation", "value", "beginning"),
    [
        ("int", "x" * 5000, "expected a whole number, got " + "x" * 80 + "... (5000 characters)"),
        ("bool", list(range(1000)), "expected true or false, got [0, 1, 2, "),
        ("tuple[int, int]", {"a" * 100: 1}, "expected a list [a whole number, a whole number], "),
    ],
    ids=["text", "list", "mapping"],
)
def test_a_long_value_is_cut_where_it_is_repeated(
    annotation: str, value: object, beginning: str
) -> None:
    with pytest.raises(MismatchError) as told:
        kind_of(annotation, globals()).convert(value)

    assert str(told.value).startswith(beginning)
    assert str(told.value).endswith("characters)")
    assert len(str(told.value)) < 200


def test_a_value_of_80_characters_is_not_cut() -> None:
    with pytest.raises(MismatchError, match=f"got {'x' * 80}$"):
        kind_of("int", globals()).convert("x" * 80)
