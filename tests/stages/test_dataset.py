"""The stage writes what a dataset promises, whole and repeatable, or says what is wrong."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import official_files
import pytest
from PIL import Image

from coralexp.artifacts.downloads import download
from coralexp.artifacts.examples import read_index, read_split
from coralexp.artifacts.progress import Step, silent
from coralexp.datasets import folder as folder_dataset
from coralexp.datasets import glyphs
from coralexp.datasets.contract import SPLITS, Dataset, Examples
from coralexp.errors import DatasetError
from coralexp.stages import dataset as stage
from coralexp.stages.dataset import write_dataset

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

FULL = ["train", "train", "test", "test", "validation"]


def small(**options: int | str) -> Dataset:
    return glyphs.draw(signs=3, images_per_sign=20, side_px=16, **options)


def written(dataset: Dataset, folder: Path, seed: int = 1) -> Path:
    folder.mkdir()
    write_dataset(dataset, seed, folder, silent)
    return folder


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Return a folder of two classes, 10 pictures each."""
    root = tmp_path / "photos"
    for label, name in enumerate(("a", "b")):
        (root / name).mkdir(parents=True)
        for number in range(10):
            picture = Image.new("L", (6, 6), 100 * label + number)
            picture.save(root / name / f"{number}.png")
    return root


def test_every_split_is_there_with_its_labels(tmp_path: Path) -> None:
    entry = written(small(), tmp_path / "entry")

    for split, count in (("train", 42), ("validation", 9), ("test", 9)):
        images, labels = read_split(entry, split)
        assert isinstance(images, np.memmap)
        assert images.shape == (count, 16, 16, 3)
        assert images.dtype == np.uint8
        assert images.flags.c_contiguous
        assert labels.dtype == np.int64
        assert np.bincount(labels).tolist() == [count // 3] * 3
    assert json.loads((entry / "metrics.json").read_text()) == {
        "images_train": 42,
        "images_validation": 9,
        "images_test": 9,
        "images_skipped": 0,
    }


def test_the_pixels_are_those_of_the_examples(tmp_path: Path) -> None:
    dataset = small()
    entry = written(dataset, tmp_path / "entry", seed=9)
    examples = dataset.open(9)

    images, labels = read_split(entry, "test")

    of_class = [i for i, label in enumerate(examples.labels) if label == labels[0]]
    first = next(i for i in of_class if examples.splits[i] == "test")
    assert np.array_equal(images[0], examples.image(first))


def test_rows_go_round_the_classes(tmp_path: Path) -> None:
    _, labels = read_split(written(small(), tmp_path / "entry"), "train")

    assert labels[:7].tolist() == [0, 1, 2, 0, 1, 2, 0]


def test_the_digest_is_that_of_the_pixels_and_labels(tmp_path: Path) -> None:
    entry = written(small(), tmp_path / "entry")
    whole = hashlib.sha256()
    for split in SPLITS:
        images, labels = read_split(entry, split)
        whole.update(images.tobytes() + labels.tobytes())

    index = read_index(entry)

    assert index.digest == whole.hexdigest()
    assert index.classes == ("D36", "G1", "M17")
    assert index.image_shape == (16, 16, 3)
    assert index.images == {"train": 42, "validation": 9, "test": 9}


def files_of(folder: Path) -> Mapping[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_equal_seeds_give_equal_bytes_and_others_do_not(tmp_path: Path) -> None:
    first = written(small(), tmp_path / "a", seed=1)
    second = written(small(), tmp_path / "b", seed=1)
    other = written(small(), tmp_path / "c", seed=2)

    assert files_of(first) == files_of(second)
    assert read_index(first).digest != read_index(other).digest


def test_a_limit_keeps_every_class_in_train_and_test(tmp_path: Path) -> None:
    entry = written(small(limit=12), tmp_path / "entry")

    index = read_index(entry)

    assert sum(index.images.values()) == 12
    for split in ("train", "test"):
        assert set(read_split(entry, split)[1].tolist()) == {0, 1, 2}
    assert index.images["validation"] >= 1


def test_progress_counts_every_image(tmp_path: Path) -> None:
    steps: list[Step] = []
    (tmp_path / "entry").mkdir()

    write_dataset(small(), 0, tmp_path / "entry", steps.append)

    assert steps[-1].done == steps[-1].total == 60
    assert steps[-1].unit == "images"
    assert steps[-1].facts["images_per_s"] > 0


def test_pictures_made_side_by_side_are_written_in_order(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stage, "WORKERS", 4)
    monkeypatch.setattr(stage, "AHEAD", 3)
    dataset = folder_dataset.read(path=str(photos), side_px=8)

    def opened(*, parallel: bool) -> Dataset:
        examples = dataset.open(0)
        assert examples.is_parallel

        def image(i: int) -> np.ndarray:
            if parallel and i % 3 == 0:  # the first to be asked for is the last to be made
                time.sleep(0.02)
            return examples.image(i)

        own = replace(examples, image=image, is_parallel=parallel)
        return replace(dataset, open=lambda _: own)

    one = written(opened(parallel=False), tmp_path / "one")
    many = written(opened(parallel=True), tmp_path / "many")

    assert read_index(one) == read_index(many)
    assert (one / "train" / "images.npy").read_bytes() == (
        many / "train" / "images.npy"
    ).read_bytes()


def test_a_download_is_told_in_megabytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    steps: list[Step] = []
    dataset = small()

    def open_(seed: int) -> Examples:
        (tmp_path / "files").mkdir()
        (tmp_path / "files" / "a").write_bytes(bytes(3_000_000))
        with official_files.serving(tmp_path / "files") as url:
            download(f"{url}/a", tmp_path / "a", None)
        return dataset.open(seed)

    (tmp_path / "entry").mkdir()
    write_dataset(replace(dataset, open=open_), 0, tmp_path / "entry", steps.append)

    assert Step(3, 3, "MB", {}) in steps


def test_all_damaged_files_are_named_together(photos: Path, tmp_path: Path) -> None:
    (photos / "a" / "3.png").write_bytes(b"nothing")
    (photos / "b" / "7.png").write_bytes((photos / "b" / "7.png").read_bytes()[:50])
    (tmp_path / "entry").mkdir()

    with pytest.raises(DatasetError) as caught:
        write_dataset(
            folder_dataset.read(path=str(photos), side_px=8), 0, tmp_path / "entry", silent
        )

    text = str(caught.value)
    assert text.startswith("2 images of 20 cannot be read")
    assert "a/3.png" in text
    assert "b/7.png" in text
    assert "dataset.skip_corrupt=true" in text


def test_damaged_and_double_files_are_left_out_and_counted(photos: Path, tmp_path: Path) -> None:
    damaged = folder_dataset.read(path=str(photos), side_px=8).open(0)
    train = [
        damaged.name(i)
        for i, split in enumerate(damaged.splits)
        if split == "train" and damaged.labels[i] == 0
    ]
    shutil.copy(photos / train[0], photos / "a" / "double.png")
    (photos / "a" / "broken.jpg").write_bytes(b"nothing")

    dataset = folder_dataset.read(path=str(photos), side_px=8, skip_corrupt=True)
    entry = written(dataset, tmp_path / "entry")

    index = read_index(entry)
    assert sum(index.images.values()) == 20
    assert "a/broken.jpg (damaged)" in index.skipped
    assert any("double.png" in name for name in index.skipped)
    assert json.loads((entry / "metrics.json").read_text())["images_skipped"] == 2
    for split in SPLITS:  # the heads of the arrays tell how many there are, not how many were hoped
        images, labels = read_split(entry, split)
        assert len(images) == len(labels) == index.images[split]


def test_a_class_that_loses_its_test_images_to_damage_is_named(tmp_path: Path) -> None:
    pixels = np.zeros((2, 2, 1), np.uint8)
    examples = Examples(FULL, [0, 1, 0, 1, 1], lambda i: None if i == 3 else pixels)

    with pytest.raises(DatasetError, match="b has no test image"):
        write_dataset(Dataset((2, 2, 1), ("a", "b"), str, lambda _: examples), 0, tmp_path, silent)


def source(splits: list[str], labels: list[int], image: np.ndarray | None) -> Dataset:
    examples = Examples(splits, labels, lambda _: image)
    return Dataset((2, 2, 1), ("a", "b"), str, lambda _: examples)


@pytest.mark.parametrize(
    ("dataset", "told"),
    [
        (source(FULL, [0, 1, 0, 0, 1], np.zeros((2, 2, 1), np.uint8)), "b has no test image"),
        (source(FULL[:4], [0, 1, 0, 1], np.zeros((2, 2, 1), np.uint8)), "validation"),
        (
            source(FULL, [0, 1, 0, 1, 1], np.zeros((2, 3, 1), np.uint8)),
            r"example 0: is uint8 \[2, 3, 1\]",
        ),
        (source(FULL, [0, 1, 0, 1, 1], np.zeros((2, 2, 1), np.float32)), "float32"),
        (source(FULL, [0, 1, 0, 1, 1], None), "a has no train image"),
    ],
)
def test_what_breaks_its_promise_is_refused(dataset: Dataset, told: str, tmp_path: Path) -> None:
    with pytest.raises(DatasetError, match=told):
        write_dataset(dataset, 0, tmp_path, silent)


def test_a_stand_in_says_for_what_it_stands(tmp_path: Path) -> None:
    entry = written(small(stands_for="cifar10"), tmp_path / "entry")

    tags = json.loads((entry / "tags.json").read_text())
    assert tags == {"stand_in": "true", "stands_for": "cifar10"}
    assert not (written(small(), tmp_path / "itself") / "tags.json").exists()
