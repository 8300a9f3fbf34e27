"""An archive of arrays becomes a dataset, or says which array is wrong; it never runs a program."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from coralexp.datasets import npz
from coralexp.datasets.splits import Shares
from coralexp.errors import DatasetError, OptionError

X = np.random.default_rng(0).integers(0, 256, (60, 6, 8), dtype=np.uint8)
Y = np.arange(60) % 3


def saved(folder: Path, **arrays: object) -> str:
    path = folder / "data.npz"
    np.savez(path, **arrays)
    return str(path)


def test_grey_images_are_read_with_their_labels(tmp_path: Path) -> None:
    dataset = npz.read(path=saved(tmp_path, x=X, y=Y))
    examples = dataset.open(0)

    assert dataset.image_shape == (6, 8, 1)
    assert dataset.classes == ("0", "1", "2")
    assert np.array_equal(examples.image(7)[..., 0], X[7])
    assert list(examples.labels) == Y.tolist()
    assert examples.name(7) == "x[7]"
    assert len(set(zip(examples.labels, examples.splits, strict=True))) == 9


def test_colour_compression_names_and_another_size_are_read(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    colours = np.stack([X] * 3, axis=-1)
    np.savez_compressed(path, x=colours, y=Y.astype(np.uint8), classes=["ant", "bee", "cat"])

    dataset = npz.read(path=str(path), side_px=4)

    assert dataset.classes == ("ant", "bee", "cat")
    assert dataset.open(0).image(0).shape == dataset.image_shape == (4, 4, 3)


def test_given_splits_are_used(tmp_path: Path) -> None:
    arrays = {"x": X[:40], "y": Y[:40], "x_test": X[40:], "y_test": Y[40:]}

    counts = Counter(npz.read(path=saved(tmp_path, **arrays)).open(0).splits)
    assert counts["test"] == 20
    assert 0 < counts["validation"] < counts["train"]

    arrays |= {"x": X[:30], "y": Y[:30], "x_validation": X[30:40], "y_validation": Y[30:40]}
    counts = Counter(npz.read(path=saved(tmp_path, **arrays)).open(0).splits)
    assert counts == {"train": 30, "validation": 10, "test": 20}


def test_equal_images_count_once_and_not_in_two_classes(tmp_path: Path) -> None:
    double = np.concatenate([X, X[:1]])

    examples = npz.read(path=saved(tmp_path, x=double, y=[*Y, Y[0]])).open(0)
    assert examples.left_out == ["x[60] (equal to x[0])"]

    with pytest.raises(DatasetError, match=r"x\[0\] and x\[60\]"):
        npz.read(path=saved(tmp_path, x=double, y=[*Y, Y[0] + 1])).open(0)


def test_the_content_is_the_file(tmp_path: Path) -> None:
    first = npz.read(path=saved(tmp_path, x=X, y=Y)).content()
    second = npz.read(path=saved(tmp_path, x=X[::-1], y=Y)).content()

    assert first != second


@pytest.mark.parametrize(
    ("arrays", "told"),
    [
        ({"y": Y}, "has no array 'x'; it holds: y"),
        ({"x": X}, "has no array 'y'"),
        ({"x": X, "y": Y[:59]}, r"y has shape \[59\]; expected \[60\]"),
        ({"x": X, "y": Y[:, None]}, r"y has shape \[60, 1\]"),
        ({"x": X, "y": Y - 1}, r"y\[0\] is -1; expected labels from 0"),
        ({"x": X, "y": Y.astype(float)}, "y is float64; expected integers"),
        ({"x": X, "y": Y * 2}, "2 of 5 classes have no image to train on; the first is label 1"),
        ({"x": X, "y": Y * 0}, "one class"),
        ({"x": X, "y": Y, "classes": ["a", "b"]}, "label 2 is outside the 2 classes, 0 to 1"),
        ({"x": X, "y": Y, "classes": list("abcd")}, "first is label 3"),
        ({"x": X, "y": Y, "classes": [1, 2, 3]}, "expected strings"),
        ({"x": X / 255, "y": Y}, r"x is float64.*save \(x \* 255\)"),
        ({"x": X.astype(np.int32), "y": Y}, "x is int32; expected uint8"),
        ({"x": X[..., None, None], "y": Y}, r"x has shape \[60, 6, 8, 1, 1\]"),
        ({"x": np.stack([X, X], axis=-1), "y": Y}, r"expected \[N, H, W\]"),
        ({"x": X[:0], "y": Y[:0]}, "x is empty"),
        ({"x": X, "y": Y, "x_validation": X, "y_validation": Y}, "add x_test and y_test"),
        ({"x": X, "y": Y, "x_test": X[:, 1:], "y_test": Y}, "expected equal"),
        ({"x": X, "y": Y, "x_test": X}, "has no array 'y_test'"),
    ],
)
def test_wrong_arrays_are_refused_at_once(
    tmp_path: Path, arrays: dict[str, object], told: str
) -> None:
    with pytest.raises(OptionError, match=told):
        npz.read(path=saved(tmp_path, **arrays))


class Trap:
    """An object whose pickle writes a file when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return open, (str(self.path), "w")


@pytest.mark.parametrize("name", ["x", "y", "classes", "unused"])
def test_objects_are_refused_and_never_unpickled(tmp_path: Path, name: str) -> None:
    arrays = {"x": X, "y": Y} | {name: np.array([Trap(tmp_path / "sprung")] * 60, dtype=object)}

    with pytest.raises(OptionError, match=f"{name} holds Python objects"):
        npz.read(path=saved(tmp_path, **arrays))

    assert not (tmp_path / "sprung").exists()


def test_damaged_files_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "data.npz"
    whole = saved(tmp_path, x=X, y=Y)
    data = bytearray(path.read_bytes())

    path.write_bytes(data[: len(data) // 2])
    with pytest.raises(OptionError, match=r"is damaged or no \.npz file"):
        npz.read(path=whole)
    path.write_bytes(b"")
    with pytest.raises(OptionError, match=r"is damaged or no \.npz file"):
        npz.read(path=whole)
    with pytest.raises(OptionError, match="does not exist"):
        npz.read(path=str(tmp_path / "nothing.npz"))

    large = np.random.default_rng(0).integers(0, 256, (60, 40, 40), dtype=np.uint8)
    data = bytearray(Path(saved(tmp_path, x=large, y=Y)).read_bytes())
    data[50_000] ^= 1  # one bit, among the pixels
    path.write_bytes(data)
    dataset = npz.read(path=whole)
    with pytest.raises(DatasetError, match="array 'x' is damaged"):
        dataset.open(0)


def test_shares_can_be_asked_for_where_the_file_makes_no_splits(tmp_path: Path) -> None:
    whole = saved(tmp_path, x=X, y=Y)
    counts = Counter(npz.read(path=whole, split=Shares(0.34, 0.33, 0.33)).open(0).splits)
    assert counts["train"] < Counter(npz.read(path=whole).open(0).splits)["train"]

    parted = saved(tmp_path, x=X, y=Y, x_test=X, y_test=Y)
    with pytest.raises(OptionError, match=r"makes its own splits \(x_test\)"):
        npz.read(path=parted, split=Shares(0.8, 0.1, 0.1))
