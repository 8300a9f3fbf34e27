"""What lies in a NumPy archive: shapes and types from the heads, values only where asked."""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, NoReturn

import numpy as np
import numpy.typing as npt

from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from coralexp.datasets.contract import Pixels

DAMAGE = (OSError, ValueError, EOFError, zipfile.BadZipFile, zlib.error, NotImplementedError)


@dataclass(frozen=True)
class Head:
    """What is known of an array before it is read."""

    shape: tuple[int, ...]
    dtype: np.dtype[np.generic]


@dataclass(frozen=True)
class Archive:
    """An archive whose arrays' heads have been read.

    Attributes:
        file: Where it is.
        heads: Names of the arrays to their heads; none of them holds objects.
    """

    file: Path
    heads: Mapping[str, Head]

    def has(self, name: str) -> bool:
        """Return whether there is an array of that name."""
        return name in self.heads

    def image_shape(self, name: str) -> tuple[int, int, int]:
        """Return height, width and channels of the images of an array.

        Raises:
            OptionError: If it is missing or holds no images of 8 bits.
        """
        head = self._head(name)
        if head.dtype != np.uint8:
            hint = ""
            if head.dtype.kind == "f":
                hint = f"; if they are in [0, 1], save ({name} * 255).round().astype('uint8')"
            self._refuse(f"{name} is {head.dtype}; expected uint8 in [0, 255]{hint}")
        wanted = "expected [N, H, W], [N, H, W, 1] or [N, H, W, 3]"
        if len(head.shape) not in {3, 4} or (len(head.shape) == 4 and head.shape[3] not in {1, 3}):  # noqa: PLR2004
            self._refuse(f"{name} has shape {list(head.shape)}; {wanted}")
        if 0 in head.shape:
            self._refuse(f"{name} is empty: shape {list(head.shape)}; {wanted}")
        height, width, channels = (*head.shape[1:], 1)[:3]
        return height, width, channels

    def refuse_other_shape(self, name: str, shape: tuple[int, int, int]) -> None:
        """Refuse an array whose images are not of that shape.

        Raises:
            OptionError: If so.
        """
        if self.image_shape(name) != shape:
            self._refuse(
                f"images of {name} are {self.image_shape(name)}, those of x {shape}; expected equal"
            )

    def images(self, name: str, shape: tuple[int, int, int]) -> Pixels:
        """Read the images of an array, uint8 `[N, H, W, C]`.

        Raises:
            DatasetError: If the archive is damaged there.
        """
        pixels = np.asarray(self._values(name), dtype=np.uint8)
        return pixels.reshape(-1, *shape)

    def labels(self, name: str, images: str) -> list[int]:
        """Read the labels that belong to an array of images.

        Raises:
            OptionError: If they are missing, damaged, no integers from 0, or not one an image.
        """
        head, count = self._head(name), self._head(images).shape[0]
        if head.dtype.kind not in "iu":
            self._refuse(f"{name} is {head.dtype}; expected integers from 0")
        if head.shape != (count,):
            self._refuse(
                f"{name} has shape {list(head.shape)}; expected [{count}], a label for each image "
                f"of {images}"
            )
        try:
            values = self._values(name).astype(np.int64)
        except DatasetError as error:
            raise OptionError("path", str(error)) from error
        if values.min() < 0:
            row = int(values.argmin())
            self._refuse(f"{name}[{row}] is {values[row]}; expected labels from 0")
        labels: list[int] = values.tolist()
        return labels

    def classes(self, labels: Sequence[Sequence[int]]) -> tuple[str, ...]:
        """Return the classes' names: the array `classes`, or 0, 1, ... up to the largest label.

        Args:
            labels: Those of every split, the split to train on first.

        Raises:
            OptionError: If a label is outside the classes, or a class has no image to train on.
        """
        used = {label for some in labels for label in some}
        if self.has("classes"):
            head = self._head("classes")
            if head.dtype.kind not in "US" or len(head.shape) != 1:
                self._refuse(f"classes is {head.dtype} {list(head.shape)}; expected strings [K]")
            values = self._values("classes")
            names = tuple(
                value.decode("utf-8", "backslashreplace")
                if isinstance(value, bytes)
                else str(value)
                for value in values.tolist()
            )
            if max(used) >= len(names):
                self._refuse(
                    f"label {max(used)} is outside the {len(names)} classes, 0 to {len(names) - 1}"
                )
            count = len(names)
        else:
            names, count = (), max(used) + 1
        trained = set(labels[0])
        if len(trained) < count:
            first = next(label for label in range(count) if label not in trained)
            self._refuse(
                f"{count - len(trained)} of {count} classes have no image to train on; the first "
                f"is label {first}"
            )
        if count < 2:  # noqa: PLR2004
            self._refuse("y holds one class; at least two are needed")
        return names or tuple(str(label) for label in range(count))

    def _head(self, name: str) -> Head:
        if name not in self.heads:
            self._refuse(
                f"has no array {name!r}; it holds: {', '.join(sorted(self.heads)) or 'nothing'}"
            )
        return self.heads[name]

    def _values(self, name: str) -> npt.NDArray[np.generic]:
        try:
            with np.load(self.file, allow_pickle=False) as arrays:
                values: npt.NDArray[np.generic] = arrays[name]
        except DAMAGE as error:
            raise DatasetError(f"{self.file}: array {name!r} is damaged ({error})") from error
        return values

    def _refuse(self, text: str) -> NoReturn:
        raise OptionError("path", f"{self.file}: {text}")


def open_archive(file: Path) -> Archive:
    """Read the heads of all arrays.

    Raises:
        OptionError: If the file is no archive of arrays, is damaged, or holds objects.
    """
    heads: dict[str, Head] = {}
    try:
        with zipfile.ZipFile(file) as members:
            for member in members.namelist():
                if member.endswith(".npy"):
                    with members.open(member) as stream:
                        heads[member.removesuffix(".npy")] = _read_head(stream)
    except DAMAGE as error:
        raise OptionError(
            "path", f"{file}: is damaged or no .npz file ({error}); write it with numpy.savez"
        ) from error
    for name, head in heads.items():
        if head.dtype.hasobject:
            raise OptionError(
                "path",
                f"{file}: {name} holds Python objects, which could run a program when read; save "
                "it as an array of numbers, or of strings with dtype=str",
            )
    return Archive(file, heads)


def _read_head(stream: IO[bytes]) -> Head:
    """Read the head of one array, of format 1.0 or 2.0."""
    version = np.lib.format.read_magic(stream)
    if version == (1, 0):
        shape, _, dtype = np.lib.format.read_array_header_1_0(stream)
    else:
        shape, _, dtype = np.lib.format.read_array_header_2_0(stream)
    return Head(shape, dtype)
