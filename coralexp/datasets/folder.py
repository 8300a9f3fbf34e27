"""Pictures in folders: one folder a class, or train, validation and test above them."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from coralexp.datasets.content import arrange
from coralexp.datasets.contract import Dataset, Examples
from coralexp.datasets.folder_classes import by_folder, by_name
from coralexp.datasets.folder_tree import readable
from coralexp.datasets.options import existing, refuse_picture
from coralexp.datasets.pictures import DamagedPictureError, decode
from coralexp.datasets.splits import Shares, shares_of
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from coralexp.datasets.contract import Pixels, Split
    from coralexp.datasets.folder_classes import Picture

VERSION = 1


def read(
    *,
    path: str,
    side_px: int = 96,
    channels: int = 3,
    resize: Literal["crop", "stretch"] = "crop",
    label_from: str | None = None,
    split: Shares | None = None,
    skip_corrupt: bool = False,
    limit: int | None = None,
) -> Dataset:
    """Read jpg, jpeg, png and bmp files, of any size and mode, at any depth below a class's folder.

    Classes are the folders' names, sorted. If the folder holds `train` and `test`, and perhaps
    `validation` (or `val`, `valid`), with the classes' folders in them, these are the splits; a
    missing validation is taken from train. Else 70, 15 and 15 of 100 train, validate and test. What
    is taken is decided by the bytes of each file, so it does not change when others are added,
    except in a class so small that a split would have none of it: see `splits.by_hash`. Files of
    equal bytes count once; if one of them tests, that one.

    Names that begin with a dot are passed over. Links are followed, each real folder once.

    Args:
        path: The folder.
        side_px: Height and width that every picture is brought to.
        channels: 3 (colour) or 1 (grey).
        resize: `crop` takes the largest square in the middle, `stretch` everything; then bilinear,
            antialiased.
        label_from: Regular expression that finds the class in a file's name: what its one group, in
            brackets, takes, such as `^([a-z]+)_` of `cat_17.jpg`. Then the folders below the path
            mean nothing, but for `train`, `test` and `validation`. None takes the folders' names.
        split: Shares of train, validation and test, such as [0.8, 0.1, 0.1]; None takes 70, 15 and
            15 of 100. Only where the folder makes no splits.
        skip_corrupt: Leave damaged files out instead of stopping.
        limit: Keep at most that many pictures in all.

    Raises:
        OptionError: If the path is no folder of at least two classes of at least two pictures each,
            the expression finds no class in a name, shares are given that do not add up to 1 or
            beside the folder's own splits, or another option is out of its range.
    """
    refuse_picture(side_px, channels)
    shares = shares_of(split)
    root = existing(path, "folder")
    pictures = by_folder(root) if label_from is None else by_name(root, label_from)
    if split is not None and None not in pictures.splits:
        raise OptionError("split", f"{root} makes its own splits; write split=null")

    @functools.cache
    def files() -> _Files:
        return _index(root, pictures.rows())

    def content() -> str:
        index = files()
        whole = hashlib.sha256()
        for name, digest in sorted(zip(index.names, index.digests, strict=True)):
            whole.update(name.encode() + b"\0" + digest)
        return whole.hexdigest()

    def open_(_seed: int) -> Examples:
        return _examples(
            files(),
            shares,
            skip=skip_corrupt,
            decoded=lambda data: decode(data, side_px, channels, resize),
        )

    return Dataset((side_px, side_px, channels), pictures.classes, content, open_, limit)


@dataclass(frozen=True)
class _Files:
    """All pictures of a folder, in the order of splits, classes and names.

    Attributes:
        paths: Where they are.
        names: What they are called in messages: the path below the folder.
        labels: Their classes.
        given: Their splits, or None where the bytes decide.
        digests: SHA-256 of their bytes.
    """

    paths: Sequence[Path]
    names: Sequence[str]
    labels: Sequence[int]
    given: Sequence[Split | None]
    digests: Sequence[bytes]


def _index(root: Path, pictures: Iterable[Picture]) -> _Files:
    """Read the bytes of all pictures once."""
    rows = [
        (file, readable(file.relative_to(root).as_posix()), label, split)
        for file, label, split in pictures
    ]
    paths, names, labels, given = (list(column) for column in zip(*rows, strict=True))
    return _Files(paths, names, labels, given, [_digest(*row[:2]) for row in rows])


def _digest(file: Path, name: str) -> bytes:
    """Return the SHA-256 of the bytes; of the name where there are none: empty is not equal."""
    try:
        data = file.read_bytes()
    except OSError:
        data = b""  # decoding tells
    return hashlib.sha256(data or name.encode()).digest()


def _examples(
    files: _Files,
    shares: Mapping[Split, float],
    *,
    skip: bool,
    decoded: Callable[[bytes], Pixels],
) -> Examples:
    """Return what stays of the files."""
    arranged = arrange(files.digests, files.labels, files.given, files.names.__getitem__, shares)

    def image(i: int) -> Pixels | None:
        number = arranged.kept[i]
        try:
            return decoded(files.paths[number].read_bytes())
        except (DamagedPictureError, OSError) as error:
            if skip:
                return None
            reason = error.strerror if isinstance(error, OSError) else error
            raise DatasetError(f"{files.names[number]}: {reason}") from error

    return Examples(
        splits=arranged.splits,
        labels=[files.labels[number] for number in arranged.kept],
        image=image,
        name=lambda i: files.names[arranged.kept[i]],
        left_out=arranged.left_out,
        is_parallel=True,
    )
