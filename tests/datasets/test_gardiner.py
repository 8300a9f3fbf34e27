"""Gardiner's signs have their codes, and an order in which classes differ."""

from __future__ import annotations

import string
import unicodedata

import pytest

from coralexp.datasets import gardiner


@pytest.mark.parametrize(
    ("name", "code"),
    [("A001", "A1"), ("A006A", "A6A"), ("G017", "G17"), ("AA028", "Aa28"), ("NL005A", "NL5A")],
)
def test_a_sign_has_the_code_of_its_unicode_name(name: str, code: str) -> None:
    assert gardiner.code(unicodedata.lookup(f"EGYPTIAN HIEROGLYPH {name}")) == code


def test_what_is_no_hieroglyph_has_no_code() -> None:
    with pytest.raises(ValueError, match="no Egyptian hieroglyph"):
        gardiner.code("A")


def test_there_are_1071_signs_and_the_order_takes_each_once() -> None:
    assert len(gardiner.signs()) == 1071
    assert sorted(gardiner.order()) == sorted(gardiner.signs())


def test_the_alphabet_comes_first_then_every_category_has_its_turn() -> None:
    order = gardiner.order()

    assert order[:4] == ("G1", "M17", "D36", "G43")
    turn = [name.rstrip(string.digits) for name in order[24:51]]
    assert len(set(turn)) == len(turn)
    assert {"A", "B", "NL", "NU", "Z"} <= set(turn)


def test_signs_that_look_like_others_come_last() -> None:
    assert set(gardiner.order()[-len(gardiner.TWINS) :]) == set(gardiner.TWINS)
