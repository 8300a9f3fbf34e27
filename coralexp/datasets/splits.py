"""Which example trains, which validates, which tests: 70, 15 and 15 of 100."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.datasets.contract import Split

SHARES: Mapping[Split, float] = {"train": 0.70, "validation": 0.15, "test": 0.15}
TRAINING_SHARES: Mapping[Split, float] = {"train": 0.85, "validation": 0.15}

_LETTERS: Mapping[str, Split] = {"t": "train", "v": "validation", "e": "test"}
_PATTERN = "tevttttevtttttevtttt"  # of 20: 14, 3 and 3; each is among the first three


def by_number(number: int) -> Split:
    """Return the split of picture `number` of a class that can be drawn without end."""
    return _LETTERS[_PATTERN[number % len(_PATTERN)]]


def at_random(labels: Sequence[int], seed: int) -> list[Split]:
    """Split each class at random; each of at least three examples is in every split.

    Args:
        labels: Class of each example.
        seed: Start of the random sequence; equal seeds give equal splits.

    Returns:
        Split of each example.
    """
    generator = np.random.default_rng(seed)
    splits: list[Split] = ["train"] * len(labels)
    for label in sorted(set(labels)):
        members = generator.permutation([i for i, own in enumerate(labels) if own == label])
        count = max(1, round(SHARES["test"] * len(members)))
        for i in members[:count]:
            splits[i] = "test"
        for i in members[count : 2 * count]:
            splits[i] = "validation"
    return splits


def validation_of(labels: Sequence[int], share: float, seed: int) -> list[Split]:
    """Take a share of each class of the training examples to validate with, at random.

    What is taken of a class depends on the seed, the class and its own examples alone.

    Args:
        labels: Class of each example.
        share: Of each class, in (0, 1), rounded to whole examples; at least one where two are.
        seed: Start of the random sequence; equal seeds take equally.

    Returns:
        Split of each example, train or validation.
    """
    members = np.asarray(labels, dtype=np.int64)
    splits: list[Split] = ["train"] * len(labels)
    for label in np.unique(members).tolist():
        own = np.flatnonzero(members == label)
        count = max(1, round(share * len(own))) if len(own) > 1 else 0
        for i in np.random.default_rng([seed, label]).permutation(own)[:count].tolist():
            splits[i] = "validation"
    return splits


def by_hash(
    digests: Sequence[bytes], labels: Sequence[int], shares: Mapping[Split, float] = SHARES
) -> list[Split]:
    """Split by content: an example keeps its split when others come and go.

    The first 64 bits of a digest are a number in [0, 1), and the shares are intervals there. A
    class that is so small that a split got none of it gives it the example whose number is nearest
    to that interval; such a loan ends when the class has grown.

    Args:
        digests: SHA-256 of each example's content, all different.
        labels: Class of each example.
        shares: Splits, in the order of their intervals; the shares add up to 1.

    Returns:
        Split of each example. Every class of at least as many examples as there are splits is in
        all of them; one of two examples trains and tests.
    """
    intervals: dict[Split, tuple[float, float]] = {}
    end = 0.0
    for split, share in shares.items():
        intervals[split] = (end, end + share)
        end += share
    numbers = [int.from_bytes(digest[:8], "big") / 2**64 for digest in digests]
    last = list(shares)[-1]
    splits: list[Split] = [
        next((split for split, (_, top) in intervals.items() if number < top), last)
        for number in numbers
    ]
    classes: dict[int, list[int]] = {}
    for i, label in enumerate(labels):
        classes.setdefault(label, []).append(i)

    def distance(i: int, split: Split) -> tuple[float, bytes]:
        low, high = intervals[split]
        return max(low - numbers[i], numbers[i] - high), digests[i]

    wanted: list[Split] = [
        "train",
        "test",
        "validation",
    ]  # what a class can least do without, first
    for members in classes.values():
        for split in (split for split in wanted if split in intervals):
            counts = Counter(splits[i] for i in members)
            lenders = {
                lender
                for lender in intervals
                if counts[lender] > (0 if (lender, len(members)) == ("validation", 2) else 1)
            }
            can_go = [i for i in members if splits[i] in lenders]
            if not counts[split] and can_go:
                splits[min(can_go, key=lambda i: distance(i, split))] = split
    return splits
