"""Images and labels in one NumPy archive, never unpickled."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from coralexp.datasets.content import arrange
from coralexp.datasets.contract import Dataset, Examples
from coralexp.datasets.npz_archive import open_archive
from coralexp.datasets.options import LARGEST_SIDE_PX, existing, refuse_outside
from coralexp.datasets.splits import Shares, shares_of
from coralexp.errors import OptionError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from coralexp.datasets.contract import Pixels, Split

VERSION = 1

GIVEN_SPLITS: tuple[tuple[str, Split], ...] = (("_validation", "validation"), ("_test", "test"))


def read(
    *,
    path: str,
    side_px: int | None = None,
    split: Shares | None = None,
    limit: int | None = None,
) -> Dataset:
    """Read the arrays `x` and `y` of a file that `numpy.savez` or `savez_compressed` wrote.

    `x` is uint8 `[N, H, W]`, `[N, H, W, 1]` or `[N, H, W, 3]` in [0, 255]; `y` integers `[N]` from
    0. Optional: `classes`, strings, one for each label (else the classes are called 0, 1, ...);
    `x_test` and `y_test`, which are then the test split; `x_validation` and `y_validation` beside
    these. What has no split is given one by its pixels, as in `folder`; equal images count once.
    The images are held in memory.

    Args:
        path: The file.
        side_px: Height and width that every picture is brought to: the largest square in the
            middle, resized bilinearly with antialiasing; None leaves them as they are.
        split: Shares of train, validation and test, such as [0.8, 0.1, 0.1]; None takes 70, 15 and
            15 of 100. Only where the file makes no splits.
        limit: Keep at most that many pictures in all.

    Raises:
        OptionError: If the file is no such archive, with the array that is wrong; or if shares are
            given that do not add up to 1, or beside the file's own splits.
    """
    if side_px is not None:
        refuse_outside("side_px", side_px, 1, LARGEST_SIDE_PX)
    shares = shares_of(split)
    file = existing(path, "file")
    archive = open_archive(file)
    splits: list[tuple[str, Split | None]] = [("", None)]
    given = [(end, split) for end, split in GIVEN_SPLITS if archive.has(f"x{end}")]
    if given:
        if ("_test", "test") not in given:
            raise OptionError("path", f"{file}: x_validation without x_test; add x_test and y_test")
        if split is not None:
            raise OptionError("split", f"{file} makes its own splits (x_test); write split=null")
        splits = [("", "train"), *given]

    stored_shape = archive.image_shape("x")
    for end, _ in splits[1:]:
        archive.refuse_other_shape(f"x{end}", stored_shape)
    labels = [archive.labels(f"y{end}", f"x{end}") for end, _ in splits]
    classes = archive.classes(labels)
    height, width, channels = stored_shape
    shape = (side_px or height, side_px or width, channels)

    def content() -> str:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def open_(_seed: int) -> Examples:
        images = [archive.images(f"x{end}", stored_shape) for end, _ in splits]
        names = [(f"x{end}", split) for end, split in splits]
        return _examples(images, labels, names, side_px, shares)

    return Dataset(shape, classes, content, open_, limit)


def _examples(
    images: Sequence[Pixels],
    labels: Sequence[Sequence[int]],
    arrays: Sequence[tuple[str, Split | None]],
    side_px: int | None,
    shares: Mapping[Split, float],
) -> Examples:
    """Return what stays of the arrays' images."""
    from PIL import Image

    from coralexp.datasets.pictures import fit

    places = [(array, row) for array, some in enumerate(images) for row in range(len(some))]
    flat = [label for some in labels for label in some]
    digests = [hashlib.sha256(images[array][row].tobytes()).digest() for array, row in places]

    def called(i: int) -> str:
        array, row = places[i]
        return f"{arrays[array][0]}[{row}]"

    given = [arrays[array][1] for array, _ in places]
    arranged = arrange(digests, flat, given, called, shares)

    def image(i: int) -> Pixels:
        array, row = places[arranged.kept[i]]
        pixels: Pixels = images[array][row]
        if side_px is None:
            return pixels
        channels = pixels.shape[-1]
        picture = Image.fromarray(pixels[..., 0] if channels == 1 else pixels)
        return fit(picture, side_px, channels, "crop")

    return Examples(
        splits=arranged.splits,
        labels=[flat[i] for i in arranged.kept],
        image=image,
        name=lambda i: called(arranged.kept[i]),
        left_out=arranged.left_out,
    )
