"""Placements of real models, and of models that make no sense."""

from __future__ import annotations

import csv
import time
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coralexp.edgetpu.partition import first_subgraph
from coralexp.edgetpu.place import place
from coralexp.edgetpu.rules.constants import SHAPING
from coralexp.edgetpu.rules.step import Step
from coralexp.edgetpu.rules.support import NOT_MAPPED, SUPPORTED
from coralexp.edgetpu.rules.table import RULES, judge
from coralexp.tflite.graph import Graph, ModelFile, Operator, Quantization, Tensor
from coralexp.tflite.reader import read_model_file


def test_all_but_one_in_a_hundred_operators_are_where_google_compiled_them_to(shared) -> None:
    recorded = defaultdict(list)
    with (shared / "edgetpu" / "op_placement.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            recorded[row["model"]].append(row["placed_on"])
    recorded.pop("model", None)  # a header that was written twice

    right = total = 0
    for name, expected in recorded.items():
        operators = place(read_model_file(shared / "edgetpu" / "models" / name)).operators
        total += len(expected)
        right += sum(
            operator.placement == where for operator, where in zip(operators, expected, strict=True)
        )

    assert total == 206
    assert right >= 0.99 * total


@pytest.mark.parametrize(
    "name", ["mobilenet_v2_1.0_224_quant.tflite", "tf2_mobilenet_v2_1.0_224_ptq.tflite"]
)
def test_a_classifier_is_mapped_whole_and_soon(shared, name) -> None:
    model = read_model_file(shared / "edgetpu" / "models" / name)

    start = time.perf_counter()
    placement = place(model)

    assert time.perf_counter() - start < 0.2  # 1 ms; the rest is for a machine that is busy
    assert placement.count("edgetpu") == len(placement.operators)


def test_a_segmenter_keeps_its_tail_on_the_cpu_and_says_why(shared) -> None:
    path = shared / "edgetpu" / "models" / "deeplabv3_mnv2_dm05_pascal_quant.tflite"

    left = [each for each in place(read_model_file(path)).operators if each.placement == "cpu"]

    assert left[0].op == "RESIZE_BILINEAR"
    assert "precisely" in left[0].status
    assert left[-1].op == "ARG_MAX"
    assert all(each.status and each.reason and each.advice for each in left)


def test_a_compiled_file_is_refused_as_such(shared) -> None:
    path = shared / "edgetpu" / "models" / "keras_lstm_mnist_ptq_edgetpu.tflite"

    (rejection,) = place(read_model_file(path)).rejections

    assert "already" in rejection.reason


def test_a_custom_operator_of_a_test_is_refused(shared) -> None:
    model = read_model_file(shared / "edgetpu" / "models" / "model_invoking_error.tflite")

    assert "unresolved custom op: fake-op-double" in place(model).rejections[0].text


NAMES = sorted(SUPPORTED | set(NOT_MAPPED) | set(SHAPING) | {"MIRROR_PAD", "SHAPE", "WHILE"})
TENSORS = st.builds(
    Tensor,
    st.just("odd"),
    st.lists(st.integers(-1, 9), max_size=6).map(tuple),
    st.sampled_from(["int8", "uint8", "int32", "int64", "float32", "int4", "string"]),
    st.sampled_from([None, Quantization((), (), 0), Quantization((0.5,), (0,), 7)]),
    st.binary(max_size=40).map(memoryview),
    st.booleans(),
)
INDICES = st.lists(st.integers(-1, 7), max_size=9).map(tuple)
OPTIONS = st.dictionaries(
    st.sampled_from(["axis", "ellipsis_mask", "dilation_w_factor", "align_corners"])
    | st.sampled_from(["fused_activation_function", "weights_format", "new_axis_mask"]),
    st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3), st.just((1, 2))),
)


@st.composite
def models(draw) -> ModelFile:
    tensors = draw(st.lists(TENSORS, max_size=6))
    steps = st.tuples(st.sampled_from(NAMES), st.integers(0, 9), INDICES, INDICES, OPTIONS)
    operators = [
        Operator(at, name, version, read, written, options)
        for at, (name, version, read, written, options) in enumerate(
            draw(st.lists(steps, max_size=6))
        )
    ]
    return ModelFile(
        Path("odd.tflite"), 0, "", (Graph("odd", tensors, operators, draw(INDICES), draw(INDICES)),)
    )


@settings(max_examples=300, deadline=None)
@given(models(), st.booleans())
def test_models_that_make_no_sense_are_placed_as_well(model, several) -> None:
    placement = place(model, multiple_subgraphs=several)

    assert len(placement.operators) == len(model.main.operators)
    for operator in placement.operators:
        assert operator.placement in {"edgetpu", "cpu", "unknown"}
        assert bool(operator.reason) == (operator.placement != "edgetpu")
        assert "\n" not in operator.reason + operator.advice


@settings(max_examples=300, deadline=None)
@given(models())
def test_operators_that_make_no_sense_are_held_against_every_rule(model) -> None:
    for operator in model.main.operators:
        verdict = judge(Step(model.main, operator))

        assert bool(verdict.status) == (verdict.placement != "unknown")
        assert bool(verdict.advice) == (verdict.placement != "edgetpu")
        assert all(rule.holds(Step(model.main, operator)) in {True, False, None} for rule in RULES)


@st.composite
def networks(draw) -> Graph:
    """Operators that each write one tensor, named like the operator, and read earlier ones."""
    count = draw(st.integers(1, 8))
    reads = [
        tuple(draw(st.lists(st.integers(0, at - 1), max_size=3))) if at else ()
        for at in range(count)
    ]
    operators = [Operator(at, "ADD", 1, reads[at], (at,)) for at in range(count)]
    return Graph("main", [], operators, (), ())


@settings(max_examples=300, deadline=None)
@given(networks(), st.lists(st.booleans(), min_size=8, max_size=8))
def test_a_subgraph_waits_for_none_of_another_and_leaves_out_none_that_could_join(
    graph, mappable
) -> None:
    inside = first_subgraph(graph, mappable)

    ready = {at for at, operator in enumerate(graph.operators) if set(operator.inputs) <= inside}
    before: dict[int, set[int]] = {}
    for at, operator in enumerate(graph.operators):
        before[at] = set(operator.inputs).union(*(before[read] for read in operator.inputs))
    for at in inside:
        assert mappable[at]
        assert not any(mappable[earlier] for earlier in before[at] - inside)
    if inside:
        assert not {at for at in ready - inside if mappable[at]}
    else:
        assert not any(mappable[: len(graph.operators)])
