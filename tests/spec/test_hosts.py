"""Boards that measure: one, several, and what cannot be meant."""

from __future__ import annotations

import pytest

from coralexp.errors import ConfigError
from coralexp.spec.compose import parse


@pytest.mark.parametrize(
    ("word", "boards"),
    [
        ("machine.host=null", ()),
        ("machine.host=pi@a", ("pi@a",)),
        ("machine.hosts=pi@a", ("pi@a",)),
        ("machine.hosts=[pi@a,pi@b:2222]", ("pi@a", "pi@b:2222")),
    ],
)
def test_boards_are_named_one_or_several(word: str, boards: tuple[str, ...]) -> None:
    assert parse([word]).machine.boards == boards


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (["machine.hosts=[pi@a,-oProxy]"], r"machine\.hosts: expected user@host"),
        (["machine.hosts=[pi@a,pi@a]"], r"machine\.hosts: a board is named twice"),
        (["machine.hosts=[pi@a]", "machine.host=pi@b"], r"machine\.hosts: .*give one of them"),
        (["device.wait=-1"], r"device\.wait: must be at least 0 minutes"),
        (["device=cpu", "device.max_minutes=0"], r"device\.max_minutes: must be above 0 minutes"),
    ],
)
def test_what_cannot_be_meant_is_refused(words: list[str], text: str) -> None:
    from coralexp.pipeline.check import problems

    with pytest.raises(ConfigError, match=text):
        parse(words, check=problems)


def test_how_long_a_device_is_waited_for_is_in_no_key() -> None:
    from coralexp.pipeline.planner import Planner

    def key(*words: str) -> str:
        (experiment,) = parse(words).experiments
        return Planner(1)(experiment)[-1].key

    assert key("device.wait=1", "device.max_minutes=3") == key()
    assert key("device.measure=never") != key()
