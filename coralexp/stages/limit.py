"""Fewer examples, classes and splits in proportion."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from coralexp.datasets.contract import SPLITS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from coralexp.datasets.contract import Split

Counts = npt.NDArray[np.int64]


def choose(splits: Sequence[Split], labels: Sequence[int], limit: int, seed: int) -> list[int]:
    """Choose at most `limit` examples at random, so that all classes train and are tested.

    Each split gets its share of the limit, but train and test at least one image of each class and
    validation one in all; each class its share of the split, by the method of largest remainders.

    Args:
        splits: Split of each example.
        labels: Class of each example.
        limit: At least twice the number of classes, and one.
        seed: Start of the random sequence; equal seeds choose equally.

    Returns:
        Numbers of the chosen examples, rising.
    """
    if len(splits) <= limit:
        return list(range(len(splits)))
    classes = max(labels) + 1
    generator = np.random.default_rng(seed)
    order = generator.permutation(len(splits))
    cells: dict[tuple[Split, int], list[int]] = {}
    for i in order.tolist():
        cells.setdefault((splits[i], labels[i]), []).append(i)
    counts = np.array(
        [[len(cells.get((split, label), ())) for label in range(classes)] for split in SPLITS]
    )
    least = np.minimum(counts, 1)
    least[SPLITS.index("validation")] = 0
    floors = least.sum(axis=1)
    floors[SPLITS.index("validation")] = counts[SPLITS.index("validation")].any()

    chosen: list[int] = []
    for row, quota in enumerate(_apportion(counts.sum(axis=1), floors, limit)):
        turns = generator.permutation(classes)  # of classes with equal claims, chance decides
        shares = _apportion(counts[row][turns], least[row][turns], int(quota))
        for label, share in zip(turns.tolist(), shares.tolist(), strict=True):
            chosen += cells.get((SPLITS[row], label), [])[:share]
    return sorted(chosen)


def _apportion(counts: Counts, floors: Counts, total: int) -> Counts:
    """Divide `total` in proportion to `counts`, none above its count nor below its floor."""
    claims = counts * (total / max(1, counts.sum()))
    shares: Counts = np.maximum(np.floor(claims).astype(np.int64), floors)
    while shares.sum() < total:
        behind = np.where(shares < counts, claims - shares, -np.inf)
        shares[behind.argmax()] += 1
    while shares.sum() > total:
        ahead = np.where(shares > floors, shares - claims, -np.inf)
        shares[ahead.argmax()] -= 1
    return shares
