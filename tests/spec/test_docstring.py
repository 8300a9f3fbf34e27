"""What docstrings say of arguments."""

from __future__ import annotations

from coralexp.spec.docstring import argument_texts


def documented(*, width: float, weights: str | None) -> None:
    """Do nothing.

    Args:
        width: Multiplier, above 0
            and below 2: not more.
        weights (str): Where to start from.

    Returns:
        Nothing: really.
    """


def undocumented() -> None: ...


def test_each_argument_gets_its_text_in_one_line() -> None:
    assert argument_texts(documented) == {
        "width": "Multiplier, above 0 and below 2: not more.",
        "weights": "Where to start from.",
    }


def test_a_function_without_a_docstring_says_nothing() -> None:
    assert argument_texts(undocumented) == {}
