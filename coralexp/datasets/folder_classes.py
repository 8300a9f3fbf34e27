"""Which class and split each picture of a folder has: its folders tell, or its name."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.datasets.folder_tree import (
    KINDS,
    class_folders,
    list_pictures,
    readable,
    split_folders,
)
from coralexp.datasets.name_pattern import OPTION, labels_of
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from coralexp.datasets.contract import Split

    Picture = tuple[Path, int, Split | None]
    """File, class and split of a picture; the split is None where content decides."""


@dataclass(frozen=True)
class Pictures:
    """The pictures of a folder.

    Attributes:
        classes: Names, sorted.
        splits: Those that the user made, or None alone.
        rows: List all pictures, in the order of splits, classes and names.
    """

    classes: tuple[str, ...]
    splits: Sequence[Split | None]
    rows: Callable[[], Iterable[Picture]]


def by_folder(root: Path) -> Pictures:
    """Take each folder for a class.

    Raises:
        OptionError: If there are fewer than two, or one lacks the pictures it needs.
    """
    folders = class_folders(root)
    classes = tuple(sorted(next(iter(folders.values()))))

    def rows() -> Iterable[Picture]:
        return (
            (file, label, split)
            for split, of_class in folders.items()
            for label, name in enumerate(classes)
            if name in of_class
            for file in list_pictures(of_class[name])
        )

    return Pictures(classes, list(folders), rows)


def by_name(root: Path, pattern: str) -> Pictures:
    """Take the class from the name of each file.

    Raises:
        OptionError: If the expression is wrong or not found in a name, there are fewer than two
            classes, or one lacks the pictures it needs.
    """
    splits = split_folders(root)
    found = [(file, split) for split, place in splits.items() for file in list_pictures(place)]
    if not found:
        raise OptionError("path", f"{root}: holds no images ({KINDS})")
    labels = labels_of(pattern, [readable(file.name) for file, _ in found])
    classes = tuple(sorted(set(labels)))
    problems = _problems(labels, [split for _, split in found], classes)
    if problems:
        raise OptionError(OPTION, f"{pattern!r}: {'; '.join(problems)}")
    order = list(splits)
    pictures: list[Picture] = [
        (file, classes.index(label), split)
        for label, (file, split) in zip(labels, found, strict=True)
    ]
    pictures.sort(key=lambda picture: (order.index(picture[2]), picture[1]))  # keeps names sorted
    return Pictures(classes, order, lambda: pictures)


def _problems(
    labels: Sequence[str], splits: Sequence[Split | None], classes: Sequence[str]
) -> list[str]:
    """Say what keeps these classes from being trained on and tested with."""
    if len(classes) == 1:
        return [f"all names give one class, {classes[0]}; at least two are needed"]
    counts = Counter(zip(labels, splits, strict=True))
    problems = []
    for name in classes:
        if None in splits and counts[name, None] == 1:
            problems.append(f"{name} has one image; at least two are needed, to train and to test")
        elif None not in splits:
            problems += [
                f"{split}/ has no image of {name}"
                for split in ("train", "test")
                if not counts[name, split]
            ]
    return problems
