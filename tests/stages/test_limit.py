"""A limit keeps classes and splits in proportion."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from coralexp.stages.limit import choose

if TYPE_CHECKING:
    from coralexp.datasets.contract import Split


def examples(classes: int, per_class: int) -> tuple[list[Split], list[int]]:
    pattern: list[Split] = ["train", "test", "validation", *["train"] * 7]
    splits = [pattern[i % 10] for _ in range(classes) for i in range(per_class)]
    return splits, [label for label in range(classes) for _ in range(per_class)]


@given(st.integers(2, 12), st.integers(3, 40), st.integers(0, 400), st.integers(0, 9))
def test_the_limit_is_met_and_every_class_trains_and_is_tested(
    classes: int, per_class: int, more: int, seed: int
) -> None:
    splits, labels = examples(classes, per_class)
    limit = 2 * classes + 1 + more

    chosen = choose(splits, labels, limit, seed)

    assert len(chosen) == len(set(chosen)) == min(limit, classes * per_class)
    counts = Counter((splits[i], labels[i]) for i in chosen)
    assert all(counts["train", label] and counts["test", label] for label in range(classes))
    assert any(splits[i] == "validation" for i in chosen)


def test_shares_stay_in_proportion() -> None:
    splits, labels = examples(4, 100)

    chosen = choose(splits, labels, 100, 3)

    assert Counter(splits[i] for i in chosen) == {"train": 80, "validation": 10, "test": 10}
    assert set(Counter(labels[i] for i in chosen).values()) <= {24, 25, 26}


def test_the_seed_decides_which() -> None:
    splits, labels = examples(4, 100)

    assert choose(splits, labels, 50, 1) == choose(splits, labels, 50, 1)
    assert choose(splits, labels, 50, 1) != choose(splits, labels, 50, 2)
