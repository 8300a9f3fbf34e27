"""The shut door to TensorFlow."""

from __future__ import annotations

import sys
import types

import pytest

import coralexp
from coralexp.spec import dry_run


def goes_on() -> None:
    from coralexp.tf_runtime import keras

    keras.Model()


def goes_on_and_catches() -> str:
    try:
        import coralexp.tf_runtime as door

        door.tf.constant(0)
    except Exception:  # noqa: BLE001 - a careless part
        return "caught"
    return "passed"


def test_reaching_the_door_is_to_accept() -> None:
    assert dry_run.ask(goes_on, (), {}) is dry_run.ACCEPTED
    assert dry_run.ask(goes_on_and_catches, (), {}) is dry_run.ACCEPTED
    assert "tensorflow" not in sys.modules or "coralexp.tf_runtime" in sys.modules


def test_an_answer_and_an_exception_are_returned() -> None:
    def divide(number: int, *, by: int) -> float:
        return number / by

    assert dry_run.ask(divide, (6,), {"by": 3}) == pytest.approx(2.0)
    assert isinstance(dry_run.ask(divide, (6,), {"by": 0}), ZeroDivisionError)


def test_what_stood_in_the_doors_place_comes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = types.ModuleType("coralexp.tf_runtime")
    monkeypatch.setitem(sys.modules, "coralexp.tf_runtime", loaded)
    monkeypatch.setattr(coralexp, "tf_runtime", loaded, raising=False)

    assert dry_run.ask(goes_on, (), {}) is dry_run.ACCEPTED

    assert sys.modules["coralexp.tf_runtime"] is loaded
    assert vars(coralexp)["tf_runtime"] is loaded


def test_a_question_is_asked_once_while_answers_are_remembered() -> None:
    asked: list[int] = []

    def part(*, number: int) -> int:
        asked.append(number)
        return number

    with dry_run.remembering():
        answers = [dry_run.ask(part, (), {"number": number}) for number in (1, 1, 2)]
    dry_run.ask(part, (), {"number": 1})

    assert answers == [1, 1, 2]
    assert asked == [1, 2, 1]
