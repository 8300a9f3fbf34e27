"""Verifying reads every byte, and changes none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from small_store import entry

from coralexp.artifacts.entries import entries
from coralexp.artifacts.seals import is_sealed, seal, state_of
from coralexp.artifacts.store import Store
from coralexp.artifacts.verification import verify

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path)


def test_whole_entries_are_whole_and_damaged_ones_named(store: Store) -> None:
    whole, damaged = entry(store, "train", seed=1), entry(store, "train", seed=2)
    (store.path("train", damaged) / "model.h5").write_text("flipped")

    found = {one.entry.key: list(one.damage) for one in verify(store, entries(store))}

    assert found == {whole: [], damaged: ["model.h5"]}
    assert is_sealed(store.root, "train", whole)


def test_damage_that_no_time_tells_of_is_found_and_no_longer_taken_for_whole(store: Store) -> None:
    key = entry(store, "train")
    (store.path("train", key) / "model.h5").write_text("flipped")
    seal(store.root, "train", key, state_of(store.path("train", key)))  # as after a bad sector
    assert store.is_whole("train", key)

    (found,) = verify(store, entries(store))

    assert found.damage == ["model.h5"]
    assert not store.is_whole("train", key)


def test_what_a_later_version_made_is_not_judged(store: Store) -> None:
    entry(store, "train", schema=99)

    (found,) = verify(store, entries(store))

    assert found.is_newer
    assert found.damage == ()


def test_an_entry_that_goes_meanwhile_is_passed_over(store: Store) -> None:
    key = entry(store, "train")
    known = entries(store)
    store.remove("train", key)

    assert list(verify(store, known)) == []
