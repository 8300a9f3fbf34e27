"""Splits are what they promise: stable, in proportion, and no class is left out."""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from operator import itemgetter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from coralexp.datasets.splits import (
    SHARES,
    TRAINING_SHARES,
    at_random,
    by_hash,
    in_turn,
    shares_of,
    validation_of,
)
from coralexp.errors import OptionError

contents = st.lists(st.tuples(st.binary(max_size=4), st.integers(0, 3)), unique_by=itemgetter(0))


def digests_of(examples: list[tuple[bytes, int]]) -> list[bytes]:
    return [hashlib.sha256(content).digest() for content, _ in examples]


@given(contents)
def test_every_class_of_three_is_in_every_split(examples: list[tuple[bytes, int]]) -> None:
    labels = [label for _, label in examples]

    splits = by_hash(digests_of(examples), labels)

    of_class = Counter(labels)
    counts = Counter(zip(labels, splits, strict=True))
    for label, size in of_class.items():
        assert counts[label, "train"] >= min(1, size - 1)
        assert counts[label, "test"] >= min(1, size - 1)
        assert counts[label, "validation"] >= min(1, size // 3)


@given(contents)
def test_every_class_of_two_trains_and_validates(examples: list[tuple[bytes, int]]) -> None:
    labels = [label for _, label in examples]

    splits = by_hash(digests_of(examples), labels, TRAINING_SHARES)

    counts = Counter(zip(labels, splits, strict=True))
    for label, size in Counter(labels).items():
        assert counts[label, "train"] >= min(1, size - 1)
        assert counts[label, "validation"] >= min(1, size - 1)


@given(contents, st.randoms())
def test_order_does_not_matter(examples: list[tuple[bytes, int]], random: object) -> None:
    shuffled = list(examples)
    random.shuffle(shuffled)

    def assigned(some: list[tuple[bytes, int]]) -> dict[bytes, str]:
        digests = digests_of(some)
        return dict(zip(digests, by_hash(digests, [label for _, label in some]), strict=True))

    assert assigned(examples) == assigned(shuffled)


@given(st.integers(0, 10_000), st.integers(1, 200))
def test_a_large_class_keeps_its_splits_when_it_grows(start: int, more: int) -> None:
    digests = [hashlib.sha256(b"%d" % number).digest() for number in range(start, start + 300)]
    before = digests[: 300 - more] if more < 200 else digests[:100]

    small, large = by_hash(before, [0] * len(before)), by_hash(digests, [0] * 300)

    if len(set(small)) == 3 and min(Counter(small).values()) > 1:  # nothing was lent
        assert large[: len(small)] == small


def test_shares_of_many_are_kept() -> None:
    digests = [hashlib.sha256(b"image %d" % number).digest() for number in range(4000)]

    counts = Counter(by_hash(digests, [0] * 4000))

    for split, share in SHARES.items():
        assert abs(counts[split] / 4000 - share) < 0.02


def test_random_splits_are_seeded_and_take_a_share_of_each_class() -> None:
    labels = [0] * 100 + [1] * 20 + [2] * 3

    splits = at_random(labels, 1)

    assert splits == at_random(labels, 1) != at_random(labels, 2)
    counts = Counter(zip(labels, splits, strict=True))
    assert [counts[label, "test"] for label in range(3)] == [15, 3, 1]
    assert [counts[label, "validation"] for label in range(3)] == [15, 3, 1]
    assert counts[2, "train"] == 1


def test_shares_that_are_none_are_refused() -> None:
    assert shares_of(None) == SHARES
    assert shares_of((0.7, 0.2, 0.1)) == {"train": 0.7, "validation": 0.2, "test": 0.1}
    for wrong in ((0.8, 0.1, 0.2), (0.9, 0.1, 0.0), (1.2, -0.1, -0.1), (math.inf, 0.1, 0.1)):
        with pytest.raises(OptionError, match=r"split: expected shares of train, validation and"):
            shares_of(wrong)


@given(st.integers(3, 300), st.integers(0, 300))
def test_pictures_in_turn_keep_their_splits_and_their_shares(count: int, more: int) -> None:
    shares = shares_of((0.8, 0.1, 0.1))

    some, all_ = in_turn(count, shares), in_turn(count + more, shares)

    assert all_[:count] == some
    assert set(some) == {"train", "validation", "test"}
    for split, share in shares.items():
        assert abs(some.count(split) - share * count) <= 1.5


def test_validation_of_a_class_does_not_depend_on_the_others() -> None:
    alone = validation_of([1] * 40, 0.2, 7)

    beside = validation_of([0] * 30 + [1] * 40 + [2], 0.2, 7)

    assert beside[30:70] == alone
    assert Counter(beside[:30]) == {"train": 24, "validation": 6}
    assert beside[70] == "train"
    assert alone != validation_of([1] * 40, 0.2, 8)


def test_other_shares_change_the_random_and_the_hashed_splits() -> None:
    shares = shares_of((0.5, 0.3, 0.2))
    digests = [hashlib.sha256(b"image %d" % number).digest() for number in range(4000)]

    random_ = Counter(at_random([0] * 100, 1, shares))
    hashed = Counter(by_hash(digests, [0] * 4000, shares))

    assert random_ == {"train": 50, "validation": 30, "test": 20}
    assert abs(hashed["validation"] / 4000 - 0.3) < 0.03
