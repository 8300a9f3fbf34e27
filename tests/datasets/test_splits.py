"""Splits are what they promise: stable, in proportion, and no class is left out."""

from __future__ import annotations

import hashlib
from collections import Counter
from operator import itemgetter

from hypothesis import given
from hypothesis import strategies as st

from coralexp.datasets.splits import SHARES, TRAINING_SHARES, at_random, by_hash

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
