"""Without several subgraphs, what depends on an operator that is not mapped is not mapped."""

from __future__ import annotations

import pytest

from coralexp.edgetpu.partition import blockers, first_subgraph
from coralexp.edgetpu.place import place
from coralexp.edgetpu.rules.contract import MAPPED, NOT_SUPPORTED, ONE_SUBGRAPH, UNSPECIFIED
from coralexp.tflite.graph import Graph, Operator


def places(model, **options) -> list[str]:
    return [operator.placement for operator in place(model, **options).operators]


def statuses(model) -> list[str]:
    return [operator.status for operator in place(model).operators]


def test_what_follows_an_operator_that_is_not_mapped_stays_behind(make) -> None:
    network, at = make.network()
    network.relu(network.leaky(network.relu(at)))

    assert statuses(network.model) == [MAPPED, NOT_SUPPORTED, ONE_SUBGRAPH]


def test_what_stays_behind_names_the_operator_that_it_waits_for(make) -> None:
    network, at = make.network()
    network.relu(network.relu(network.leaky(network.relu(at))))

    last = place(network.model).operators[-1]

    assert "LEAKY_RELU (operator 1)" in last.reason
    assert "LEAKY_RELU (operator 1)" in last.advice


def test_several_subgraphs_are_mapped_when_they_are_allowed(make) -> None:
    network, at = make.network()
    network.relu(network.leaky(network.relu(at)))

    assert places(network.model, multiple_subgraphs=True) == ["edgetpu", "cpu", "edgetpu"]


def test_a_branch_that_comes_later_but_does_not_depend_on_it_is_mapped(make) -> None:
    network, at = make.network()
    trunk = network.relu(at)
    left = network.leaky(trunk)
    right = network.relu(trunk)
    network.add("ADD", [left, right])

    assert places(network.model) == ["edgetpu", "cpu", "edgetpu", "cpu"]


def test_a_quantize_of_real_numbers_at_the_input_costs_nothing(make) -> None:
    network = make.empty()
    at = network.input(make.computed(1, 8, 8, 4, dtype="float32"))
    network.relu(network.relu(network.add("QUANTIZE", [at])))

    assert statuses(network.model) == [UNSPECIFIED, MAPPED, MAPPED]


def test_of_two_inputs_one_quantized_in_the_model_the_first_that_is_ready_decides(make) -> None:
    network = make.empty()
    real = network.input(make.computed(1, 8, 8, 4, dtype="float32"))
    pixels = network.input(make.computed(1, 8, 8, 4))
    left = network.relu(pixels)
    right = network.add("QUANTIZE", [real])
    network.add("ADD", [left, right])

    assert places(network.model) == ["edgetpu", "cpu", "cpu"]


def test_an_unknown_operator_makes_unknown_what_depends_on_it(make) -> None:
    network, at = make.network()
    network.relu(network.mirror_pad(network.relu(at)))

    placement = place(network.model)

    assert [operator.placement for operator in placement.operators] == [
        "edgetpu",
        "unknown",
        "unknown",
    ]
    assert [operator.status for operator in placement.operators[1:]] == ["", ""]
    assert "MIRROR_PAD (operator 1)" in placement.operators[2].reason
    assert placement.mapped_ratio == pytest.approx(1 / 3)


def test_an_unknown_operator_behind_one_that_is_not_mapped_stays_behind_for_certain(make) -> None:
    network, at = make.network()
    network.relu(network.mirror_pad(network.leaky(network.relu(at))))

    assert places(network.model) == ["edgetpu", "cpu", "cpu", "cpu"]


def test_a_branch_beside_an_unknown_operator_is_mapped_for_certain(make) -> None:
    network, at = make.network()
    trunk = network.relu(at)
    network.mirror_pad(trunk)
    network.relu(trunk)

    assert places(network.model) == ["edgetpu", "unknown", "edgetpu"]


def test_with_several_subgraphs_an_unknown_operator_concerns_itself_alone(make) -> None:
    network, at = make.network()
    network.relu(network.mirror_pad(network.relu(at)))

    assert places(network.model, multiple_subgraphs=True) == ["edgetpu", "unknown", "edgetpu"]


def test_operators_that_wait_for_each_other_are_in_no_subgraph() -> None:
    ring = [Operator(0, "RELU", 1, (1,), (0,)), Operator(1, "RELU", 1, (0,), (1,))]
    graph = Graph("main", [], ring, (), ())

    assert first_subgraph(graph, [True, True]) == frozenset()
    assert blockers(graph, [True, True]) == [None, None]
