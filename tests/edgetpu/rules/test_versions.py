"""One operator that is newer than the compiler rejects the whole model."""

from __future__ import annotations

import csv
from dataclasses import replace

import pytest

from coralexp.edgetpu.place import place
from coralexp.edgetpu.rules.versions import NEWEST_VERSION


def model_of(make, name: str, version: int):
    network, at = make.network()
    network.relu(network.add(name, [at], version=version))
    return network.model


@pytest.mark.parametrize(
    ("name", "accepted", "rejected"),
    [
        ("CONV_2D", 5, 6),
        ("FULLY_CONNECTED", 9, 12),
        ("TRANSPOSE_CONV", 3, 4),
        ("QUANTIZE", 2, 3),
        ("TILE", 2, 3),
    ],
)
def test_a_version_that_is_too_new_rejects_the_model(make, name, accepted, rejected) -> None:
    texts = [each.text for each in place(model_of(make, name, accepted)).rejections]
    placement = place(model_of(make, name, rejected))

    assert not any(text.startswith("ERROR: Didn't find op") for text in texts)
    assert not placement.accepted
    assert f"builtin opcode '{name}' version '{rejected}'" in placement.rejections[0].text
    assert placement.rejections[0].advice
    assert [operator.placement for operator in placement.operators] == ["cpu", "cpu"]


def test_an_operator_that_came_later_is_out_of_range(make) -> None:
    rejection = place(model_of(make, "GELU", 1)).rejections[0]

    assert rejection.text.startswith("ERROR: Op builtin_code out of range: 150.")
    assert "ReLU" in rejection.advice


def test_each_operator_is_named_once_and_those_of_other_subgraphs_count(make) -> None:
    network, at = make.network()
    network.add("ADD", [network.add("ADD", [at], version=9)], version=9)
    innocent, start = make.network()
    innocent.relu(start)
    model = replace(innocent.model, subgraphs=(innocent.graph, network.graph))

    assert len(place(model).rejections) == 1


def test_the_versions_are_those_of_the_evidence(shared) -> None:
    with (shared / "edgetpu" / "op_version_limits.csv").open(encoding="utf-8", newline="") as file:
        rows = {
            row["op"]: int(row["max_version_with_min_runtime_le_tf2.5"])
            for row in csv.DictReader(file)
        }

    assert {op: NEWEST_VERSION.get(op, 0) for op in rows} == rows
