"""Operators on the chip are one invocation until they need what the CPU made of its results."""

from __future__ import annotations

from chain import Chain

from coralexp.edgetpu.latency.invocations import invocations


def groups(chain: Chain, *cpu: int) -> list[list[int]]:
    """Return the operators of each invocation."""
    graph = chain.graph()
    mapped = [operator.index for operator in graph.operators if operator.index not in cpu]
    runs = invocations(graph, mapped)
    return sorted({tuple(o.index for o in run) for run in runs.values()})  # type: ignore[return-value]


def chain(length: int) -> Chain:
    made = Chain((1, 4))
    for _ in range(length):
        made.add("RELU", (1, 4))
    return made


def test_a_chain_is_one_invocation() -> None:
    assert groups(chain(4)) == [(0, 1, 2, 3)]


def test_the_cpu_at_the_ends_leaves_one() -> None:
    assert groups(chain(5), 0, 4) == [(1, 2, 3)]


def test_the_cpu_in_between_makes_two() -> None:
    assert groups(chain(5), 2) == [(0, 1), (3, 4)]


def test_two_operators_of_the_cpu_in_a_row_are_one_gap() -> None:
    assert groups(chain(6), 2, 3) == [(0, 1), (4, 5)]


def test_a_branch_that_needs_nothing_of_the_cpu_stays_in_the_first() -> None:
    made = chain(2)
    fork = made.last
    made.add("RELU", (1, 4), read=(fork,))  # on the CPU
    made.add("RELU", (1, 4), read=(fork,))  # beside it

    assert groups(made, 2) == [(0, 1, 3)]


def test_nothing_on_the_chip_is_no_invocation() -> None:
    assert groups(chain(2), 0, 1) == []
