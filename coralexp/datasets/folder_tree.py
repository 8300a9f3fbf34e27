"""Which folders are classes, and which files are pictures."""

from __future__ import annotations

import os
from itertools import islice
from typing import TYPE_CHECKING

from coralexp.datasets.pictures import SUFFIXES
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from coralexp.datasets.contract import Split

SPLIT_NAMES: Mapping[str, Split] = {
    "train": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
}
KINDS = "jpg, jpeg, png or bmp"


def readable(name: str) -> str:
    """Return a file's name as text that can be printed, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def class_folders(root: Path) -> dict[Split | None, dict[str, Path]]:
    """Find the folders of the classes, without reading a file.

    Returns:
        Class names to folders, for each split; for None alone if the user has made no splits.

    Raises:
        OptionError: If there are fewer than two classes, or a class lacks the pictures it needs.
    """
    outer = _subfolders(root)
    splits = _splits(root, outer)
    folders: dict[Split | None, dict[str, Path]] = (
        {split: _subfolders(folder) for split, folder in splits.items()}
        if splits
        else {None: outer}
    )
    problems = _problems(root, folders)
    if problems:
        raise OptionError("path", f"{root}: {'; '.join(problems)}")
    return folders


def split_folders(root: Path) -> dict[Split | None, Path]:
    """Find the folders of the splits where names of files tell the classes.

    Returns:
        `train` and `test`, and `validation` if it is there; else the whole folder, for None.

    Raises:
        OptionError: If two folders are one split.
    """
    found: dict[Split | None, Path] = {}
    for name, folder in _subfolders(root).items():
        split = SPLIT_NAMES.get(name.lower())
        if split in found and split is not None:
            raise OptionError("path", f"{root}: {found[split].name}/ and {name}/ are both {split}")
        found[split] = folder
    if None in found or not {"train", "test"} <= found.keys():
        return {None: root}
    if any(entry.suffix.lower() in SUFFIXES for entry in _visible(root)):
        return {None: root}
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def list_pictures(folder: Path) -> Iterator[Path]:
    """Yield the picture files below a folder, sorted, each real folder once."""
    waiting, seen = [folder], set()
    while waiting:
        here = waiting.pop()
        real = here.resolve()
        if real in seen:
            continue
        seen.add(real)
        entries = _visible(here)
        for entry in entries:
            if entry.suffix.lower() in SUFFIXES and not entry.is_dir():
                yield entry
        waiting += [entry for entry in reversed(entries) if entry.is_dir()]


def _visible(folder: Path) -> list[Path]:
    """Return what lies in a folder, sorted, without what begins with a dot."""
    try:
        return sorted(entry for entry in folder.iterdir() if not entry.name.startswith("."))
    except OSError as error:
        raise OptionError("path", f"{folder} cannot be listed ({error.strerror})") from error


def _subfolders(folder: Path) -> dict[str, Path]:
    return {readable(entry.name): entry for entry in _visible(folder) if entry.is_dir()}


def _splits(root: Path, outer: dict[str, Path]) -> dict[Split, Path]:
    """Return the folders of the user's splits; none if `train` is absent or itself a class."""
    train = next((folder for name, folder in outer.items() if name.lower() == "train"), None)
    if train is None:
        return {}
    entries = _visible(train)
    if any(entry.suffix.lower() in SUFFIXES for entry in entries):
        return {}
    if not any(entry.is_dir() for entry in entries):
        return {}
    found: dict[Split, Path] = {}
    for name, folder in outer.items():
        split = SPLIT_NAMES.get(name.lower())
        if split is None:
            raise OptionError(
                "path",
                f"{root}: {name}/ lies beside train/, which holds folders of classes; expected "
                "only train, validation and test there",
            )
        if split in found:
            raise OptionError("path", f"{root}: {found[split].name}/ and {name}/ are both {split}")
        found[split] = folder
    if "test" not in found:
        raise OptionError(
            "path",
            f"{root}: train/ without test/; add test/, or set dataset.path={train} to have the "
            "test images taken from train",
        )
    return {split: found[split] for split in ("train", "validation", "test") if split in found}


def _problems(root: Path, folders: dict[Split | None, dict[str, Path]]) -> list[str]:
    """Say what keeps these folders from being a dataset."""
    problems = []
    of_train = next(iter(folders.values()))
    if not of_train:
        loose = any(entry.suffix.lower() in SUFFIXES for entry in _visible(root))
        here = "images without a class" if loose else "no images"
        return [f"holds {here}; expected a folder for each class, with {KINDS} files in it"]
    if len(of_train) == 1:
        problems.append(f"holds one class ({next(iter(of_train))}); at least two are needed")
    for split, of_class in folders.items():
        place = "" if split is None else f"{split}/"
        needed = 2 if split is None or (split == "train" and "validation" not in folders) else 1
        for name, folder in of_class.items():
            count = len(list(islice(list_pictures(folder), needed)))
            if name not in of_train:
                problems.append(f"{place}{name} is a class that train/ does not have")
            elif not count:
                problems.append(f"{place}{name} has no image ({KINDS})")
            elif count < needed:
                uses = "train and to test" if split is None else "train and to validate"
                problems.append(f"{place}{name} has one image; at least two are needed, to {uses}")
        if split == "test":
            problems += [f"{place}{name} is missing" for name in of_train if name not in of_class]
    return problems
