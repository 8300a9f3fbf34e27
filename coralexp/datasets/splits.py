"""Which example trains, which validates, which tests: 70, 15 and 15 of 100."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.datasets.contract import Split

SHARES: Mapping[Split, float] = {"train": 0.70, "validation": 0.15, "test": 0.15}
TRAINING_SHARES: Mapping[Split, float] = {"train": 0.85, "validation": 0.15}

_LETTERS: Mapping[str, Split] = {"t": "train", "v": "validation", "e": "test"}
_PATTERN = "tevttttevtttttevtttt"  # of 20: 14, 3 and 3; each is among the first three


class Shares(NamedTuple):
    """What an option `split` holds: shares that add up to 1; as a list or by these names."""

    train: float
    validation: float
    test: float


def shares_of(split: Shares | tuple[float, float, float] | None) -> Mapping[Split, float]:
    """Return the shares that an option `split` asks for, those of this module for None.

    Raises:
        OptionError: If they do not add up to 1, or one of train and test is missing.
    """
    if split is None:
        return SHARES
    least = min(split)
    if not least > 0 or not abs(sum(split) - 1) < 1e-6:  # noqa: PLR2004 - 0.7 + 0.2 + 0.1 is not 1
        raise OptionError(
            "split",
            f"expected shares of train, validation and test, each above 0, that add up to 1, such "
            f"as [0.8, 0.1, 0.1]; got {list(split)}, which add up to {sum(split):g}",
        )
    return dict(zip(("train", "validation", "test"), split, strict=True))


def in_turn(count: int, shares: Mapping[Split, float]) -> list[Split]:
    """Return splits of `count` pictures of a class, so that more of them change no earlier one's.

    The first three go to train, test and validation; each other one to the split that lags most
    behind its share.
    """
    splits: list[Split] = ["train", "test", "validation"]
    counts = Counter(splits)
    while len(splits) < count:
        number = len(splits) + 1
        split = max(shares, key=lambda split: shares[split] * number - counts[split])
        counts[split] += 1
        splits.append(split)
    return splits[:count]


def by_number(number: int) -> Split:
    """Return the split of picture `number` of a class that can be drawn without end."""
    return _LETTERS[_PATTERN[number % len(_PATTERN)]]


def at_random(
    labels: Sequence[int], seed: int, shares: Mapping[Split, float] = SHARES
) -> list[Split]:
    """Split each class at random; each of at least three examples is in every split.

    Args:
        labels: Class of each example.
        seed: Start of the random sequence; equal seeds give equal splits.
        shares: Of the splits, which add up to 1.

    Returns:
        Split of each example.
    """
    generator = np.random.default_rng(seed)
    splits: list[Split] = ["train"] * len(labels)
    for label in sorted(set(labels)):
        members = generator.permutation([i for i, own in enumerate(labels) if own == label])
        tested = max(1, round(shares["test"] * len(members)))
        validated = max(1, round(shares["validation"] * len(members)))
        for i in members[:tested]:
            splits[i] = "test"
        for i in members[tested : tested + validated]:
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
