"""What differs between two entries is followed down to where it began."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small_store import entry

from coralexp.artifacts.differences import Change, differences
from coralexp.artifacts.entries import entries, find_entry
from coralexp.artifacts.store import Store

if TYPE_CHECKING:
    from pathlib import Path

    from coralexp.artifacts.differences import Difference


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def between(store: Store, one: str, other: str) -> list[Difference]:
    known = entries(store)
    return differences(find_entry(known, one), find_entry(known, other), known)


def test_one_entry_does_not_differ_from_itself(store: Store) -> None:
    key = entry(store, "train")

    assert between(store, key, key) == []


def test_an_option_that_differs_is_named_with_both_values(store: Store) -> None:
    one = entry(store, "train", backbone={"options": {"width": 0.35, "depth": 1}}, seed=1)
    other = entry(store, "train", backbone={"options": {"width": 0.5, "weights": None}}, seed=1)

    (found,) = between(store, one, other)

    assert found.changes == (
        Change("backbone.options.depth", "1", None),
        Change("backbone.options.width", "0.35", "0.5"),
        Change("backbone.options.weights", None, "null"),
    )


def test_a_difference_of_a_stage_before_is_told_there(store: Store) -> None:
    data = [entry(store, "dataset", seed=n) for n in (1, 2)]
    train = [entry(store, "train", after={"dataset": key}) for key in data]
    one, other = (
        entry(store, "convert", after={"dataset": d, "train": t}, quant=mode)
        for d, t, mode in zip(data, train, ("a", "b"), strict=True)
    )

    found = between(store, one, other)

    assert [d.stage for d in found] == ["dataset", "train", "convert"]
    assert found[0].changes == (Change("seed", "1", "2"),)
    assert (found[1].changes, found[1].inherited) == ((), ["dataset"])
    assert found[2].changes == (Change("quant", '"a"', '"b"'),)
    assert found[2].inherited == ["dataset", "train"]


def test_another_stage_before_is_a_difference_of_its_own(store: Store) -> None:
    one = entry(store, "convert", after={"train": "0" * 20})
    other = entry(store, "convert", after={"qat": "1" * 20})

    (found,) = between(store, one, other)

    assert [c.name for c in found.changes] == ["after.train", "after.qat"]


def test_an_entry_that_is_gone_is_said_to_be_unknown(store: Store) -> None:
    data = entry(store, "dataset")
    one = entry(store, "train", after={"dataset": data})
    other = entry(store, "train", after={"dataset": "0" * 20})

    found = between(store, one, other)

    assert [(d.stage, d.is_known) for d in found] == [("dataset", False), ("train", True)]
