"""Jobs of one command share its boards; one that died is used no more, and told of once."""

from __future__ import annotations

import threading

import pytest

from coralexp.boards.failures import NoBoardError
from coralexp.boards.presence import Found
from coralexp.pipeline.board_pool import BoardPool

TWO = Found(there=True, what="a kind", hosts=("a", "b"))
FREE = 5.0


def unhindered() -> None:
    """Go on waiting."""


def test_the_second_job_gets_the_other_board_first() -> None:
    pool = BoardPool(print)

    with pool.one_of(TWO, unhindered) as first, pool.one_of(TWO, unhindered) as second:
        assert first == ("a", "b")
        assert second == ("b", "a")


def test_a_third_job_waits_for_one_of_two_boards() -> None:
    pool, got, came = BoardPool(print), [], threading.Event()

    def third() -> None:
        with pool.one_of(TWO, unhindered) as hosts:
            got.append(hosts[0])
            came.set()

    with pool.one_of(TWO, unhindered):
        with pool.one_of(TWO, unhindered):
            thread = threading.Thread(target=third)
            thread.start()
            assert not came.wait(0.1)
        assert came.wait(FREE)
        thread.join()

    assert got == ["b"]


def test_who_waits_ends_with_the_command() -> None:
    def stop() -> None:
        raise KeyboardInterrupt

    pool, one = BoardPool(print), Found(there=True, hosts=("a",))

    with (
        pool.one_of(one, unhindered),
        pytest.raises(KeyboardInterrupt),
        pool.one_of(one, stop),
    ):
        pass


def test_a_dead_board_is_told_of_once_and_used_no_more() -> None:
    told: list[str] = []
    pool = BoardPool(told.append)

    for _ in range(2):
        pool.set_aside("a", "a: cannot be reached")
    with pool.one_of(TWO, unhindered) as hosts:
        assert hosts == ("b",)
    pool.set_aside("b", "b: the connection was cut")

    with (
        pytest.raises(NoBoardError, match="a: cannot be reached; b: the connection was cut"),
        pool.one_of(TWO, unhindered),
    ):
        pass
    assert told == [
        "set aside for the rest of this command: a: cannot be reached",
        "set aside for the rest of this command: b: the connection was cut",
    ]


def test_what_dies_while_it_is_waited_for_ends_the_waiting() -> None:
    one = Found(there=True, hosts=("a",))
    pool = BoardPool(lambda text: None)
    with (
        pool.one_of(one, unhindered),
        pytest.raises(NoBoardError),
        pool.one_of(one, lambda: pool.set_aside("a", "a: gone")),
    ):
        pass


def test_boards_that_never_counted_are_told_of_once() -> None:
    told: list[str] = []
    pool = BoardPool(told.append)
    found = Found(there=True, hosts=("a",), aside=("c: no answer",))

    for _ in range(2):
        with pool.one_of(found, unhindered):
            pass

    assert told == ["set aside for the rest of this command: c: no answer"]


def test_at_this_machine_nobody_waits() -> None:
    pool = BoardPool(print)

    with pool.one_of(Found(there=True), unhindered) as hosts:
        assert hosts == ()
