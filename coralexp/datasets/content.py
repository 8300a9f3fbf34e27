"""What the content of examples decides: which of equal ones stays, and where each belongs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.datasets.splits import SHARES, TRAINING_SHARES, by_hash
from coralexp.errors import DatasetError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.datasets.contract import Split

SHOWN = 10  # pairs that a message names

# Of equal examples the one that is evaluated stays: what is tested must not have been trained on.
PRECEDENCE: Mapping[Split | None, int] = {"test": 0, "validation": 1, "train": 2, None: 3}


@dataclass(frozen=True)
class Arrangement:
    """Which examples stay, and their splits.

    Attributes:
        kept: Their numbers, rising.
        splits: Split of each kept one.
        left_out: Names of the others, each with the one it equals.
    """

    kept: list[int]
    splits: list[Split]
    left_out: list[str]


def arrange(
    digests: Sequence[bytes],
    labels: Sequence[int],
    given: Sequence[Split | None],
    name: Callable[[int], str],
    shares: Mapping[Split, float] = SHARES,
) -> Arrangement:
    """Keep one of all examples of equal content, and give splits to those that have none.

    Args:
        digests: SHA-256 of each example's content.
        labels: Class of each example.
        given: The user's split of each example, or None for all: then content decides. Where no
            example is given to validation, content decides which of train go there.
        name: What an example is called in messages.
        shares: Of the splits where content decides all three.

    Returns:
        What stays, and where.

    Raises:
        DatasetError: If equal content lies in two classes: one of the labels is wrong.
    """
    kept, left_out = _keep_one(digests, labels, given, name)
    splits = [given[i] for i in kept]
    open_: list[int] = []
    if "validation" not in splits:
        open_ = [place for place, split in enumerate(splits) if split in {None, "train"}]
    own = ([digests[kept[place]] for place in open_], [labels[kept[place]] for place in open_])
    chosen = by_hash(*own, shares) if None in splits else by_hash(*own, TRAINING_SHARES)
    for place, split in zip(open_, chosen, strict=True):
        splits[place] = split
    return Arrangement(kept, [split for split in splits if split is not None], left_out)


def _keep_one(
    digests: Sequence[bytes],
    labels: Sequence[int],
    given: Sequence[Split | None],
    name: Callable[[int], str],
) -> tuple[list[int], list[str]]:
    """Return what stays and the names of what does not; refuse equal content in two classes."""
    first: dict[bytes, int] = {}
    kept, left_out, conflicts = [], [], []
    for i in sorted(range(len(digests)), key=lambda i: (PRECEDENCE[given[i]], i)):
        twin = first.setdefault(digests[i], i)
        if twin == i:
            kept.append(i)
        elif labels[twin] == labels[i]:
            left_out.append(f"{name(i)} (equal to {name(twin)})")
        else:
            conflicts.append(f"\n  - {name(twin)} and {name(i)}")
    if conflicts:
        count = "1 pair" if len(conflicts) == 1 else f"{len(conflicts)} pairs"
        more = f"\n  - and {len(conflicts) - SHOWN} more" if len(conflicts) > SHOWN else ""
        raise DatasetError(
            f"equal images in two classes, {count}; delete the one whose class is wrong:"
            + "".join(conflicts[:SHOWN])
            + more
        )
    return sorted(kept), left_out
