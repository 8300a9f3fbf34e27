"""MNIST and Fashion-MNIST as published and as Keras keeps them, on small files."""

from __future__ import annotations

import gzip
import socket
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import official_files
import pytest

from coralexp.datasets import fashion_mnist, mnist, mnist_files
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

ARRAYS = official_files.mnist_arrays()


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    return tmp_path / "home"


def test_every_form_gives_the_same_examples_and_keeps_the_official_test(tmp_path: Path) -> None:
    np.savez(tmp_path / "mnist.npz", **ARRAYS)
    places = [
        official_files.unpacked(tmp_path / "plain", official_files.mnist_files(zipped=False)),
        official_files.unpacked(tmp_path / "zipped", official_files.mnist_files(zipped=True)),
        tmp_path / "mnist.npz",
        tmp_path,
    ]
    first = None
    for place in places:
        dataset = mnist.read(path=str(place))
        examples = dataset.open(3)

        assert dataset.image_shape == (28, 28, 1)
        assert dataset.classes == tuple(map(str, range(10)))
        assert Counter(examples.splits) == {"train": 50, "validation": 10, "test": 20}
        assert np.array_equal(examples.image(63)[..., 0], ARRAYS["x_test"][3])
        assert np.array_equal(examples.image(7)[..., 0], ARRAYS["x_train"][7])
        everything = [list(examples.splits), list(examples.labels)]
        first = first or everything
        assert everything == first


def test_a_picture_is_laid_on_black_or_resized(tmp_path: Path) -> None:
    path = str(official_files.unpacked(tmp_path, official_files.mnist_files(zipped=True)))

    padded = fashion_mnist.read(path=path, side_px=32).open(0).image(0)
    assert padded.shape == (32, 32, 1)
    assert np.array_equal(padded[2:30, 2:30, 0], ARRAYS["x_train"][0])
    assert padded.sum() == ARRAYS["x_train"][0].sum()

    coloured = mnist.read(path=path, side_px=32, channels=3).open(0).image(0)
    assert np.array_equal(coloured, np.repeat(padded, 3, axis=2))

    resized = mnist.read(path=path, side_px=20, fit="resize", channels=3).open(0).image(0)
    assert resized.shape == (20, 20, 3)
    with pytest.raises(OptionError, match="at least 28 with fit=pad"):
        mnist.read(path=path, side_px=20)


def test_files_are_found_in_the_data_folder_then_where_keras_keeps_them(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = home / ".keras" / "datasets"
    official_files.unpacked(cache / "fashion-mnist", official_files.mnist_files(zipped=True))
    np.savez(cache / "mnist.npz", **ARRAYS)
    assert len(fashion_mnist.read().open(0).labels) == 80
    assert len(mnist.read().open(0).labels) == 80

    stick = tmp_path / "stick"
    smaller = official_files.mnist_files(zipped=False, train=30, test=10)
    official_files.unpacked(stick / "mnist", smaller)
    monkeypatch.setenv("CORALEXP_DATA", str(stick))
    assert len(mnist.read().open(0).labels) == 40
    assert len(fashion_mnist.read().open(0).labels) == 80  # not the files of the other


def test_the_content_of_what_is_not_here_is_that_of_what_would_be_downloaded(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setattr(
            mnist_files, "SERVER", f"http://127.0.0.1:{closed.getsockname()[1]}/data"
        )
        monkeypatch.setenv("no_proxy", "127.0.0.1")
        _contents()
    with pytest.raises(DatasetError, match=r"mnist.npz .*refused.*put it at .*/mnist.npz"):
        mnist.read().content()
    with pytest.raises(DatasetError, match=r"fashion_mnist/ of a folder that CORALEXP_DATA names"):
        fashion_mnist.read().open(0)


def _contents() -> None:
    assert mnist.read().content() == mnist.SHA256
    assert len(fashion_mnist.read().content()) == 64


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("train-images-idx3-ubyte", b"", "begins with nothing"),
        ("train-images-idx3-ubyte", b"\0\0\x0d\x03" + bytes(12), "begins with 00 00 0d 03"),
        ("train-images-idx3-ubyte", b"\0\0\x08\x03" + b"\xff" * 12, "too many"),
        ("train-images-idx3-ubyte", official_files.idx(ARRAYS["x_train"])[:-1], "and holds 47039"),
        ("train-images-idx3-ubyte", official_files.idx(ARRAYS["x_train"]) + b"1", "holds more"),
        ("train-images-idx3-ubyte", official_files.idx(ARRAYS["x_train"][:9]), "for 60 labels"),
        ("train-images-idx3-ubyte", official_files.idx(ARRAYS["x_train"][:, 1:]), r"\[60, 27, 28"),
        ("t10k-labels-idx1-ubyte", official_files.idx(np.full(20, 10)), "a label 10, above 9"),
        (
            "train-images-idx3-ubyte",
            gzip.compress(official_files.idx(ARRAYS["x_train"]))[:-9],
            "cannot be read",
        ),
    ],
)
def test_damaged_files_are_told(tmp_path: Path, name: str, data: bytes, told: str) -> None:
    official_files.unpacked(tmp_path, official_files.mnist_files(zipped=False) | {name: data})

    with pytest.raises(DatasetError, match=told):
        mnist.read(path=str(tmp_path)).open(0)


def test_a_damaged_archive_and_one_of_objects_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "mnist.npz"
    path.write_bytes(b"half of it")
    with pytest.raises(DatasetError, match=r"is damaged or no .npz file"):
        mnist.read(path=str(path)).open(0)

    np.savez(path, **ARRAYS | {"x_test": np.array([None], dtype=object)})
    with pytest.raises(DatasetError, match="x_test holds Python objects"):
        mnist.read(path=str(path)).open(0)

    np.savez(path, **ARRAYS | {"x_test": ARRAYS["x_test"][:, 1:]})
    with pytest.raises(DatasetError, match=r"images \[20, 27, 28\] for 20 labels"):
        mnist.read(path=str(path)).open(0)


def test_a_folder_that_lacks_files_names_them(tmp_path: Path) -> None:
    files = official_files.mnist_files(zipped=True)
    del files["t10k-labels-idx1-ubyte.gz"]

    with pytest.raises(OptionError, match="lacks t10k-labels-idx1-ubyte "):
        fashion_mnist.read(path=str(official_files.unpacked(tmp_path, files)))
