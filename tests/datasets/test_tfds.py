"""Datasets of TensorFlow Datasets: prepared on the disk by that library itself, or its mock."""

from __future__ import annotations

import shutil
import socket
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import yaml
from PIL import Image

from coralexp.artifacts.data_folder import collecting, read_sums
from coralexp.datasets import tfds
from coralexp.datasets.pictures import fit
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytest.importorskip("tensorflow_datasets")
library = tfds.tensorflow_datasets()
ROOT = Path(__file__).parents[2]
NEEDS_TENSORFLOW = pytest.mark.tf


def picture(number: int) -> np.ndarray:
    return np.random.default_rng(number).integers(0, 256, (9, 12, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder in which that library wrote a small dataset of its own format."""

    class Builder(library.core.GeneratorBasedBuilder, skip_registration=True):
        """Squares and circles."""

        name = "coralexp_shapes"
        VERSION = library.core.Version("1.0.0")
        RELEASE_NOTES = {"1.0.0": "first"}  # noqa: RUF012 - as the library reads it

        def _info(self) -> object:
            features = library.features.FeaturesDict(
                {
                    "picture": library.features.Image(shape=(None, None, 3)),
                    "file": library.features.Text(),
                    "shape": library.features.ClassLabel(names=["square", "circle"]),
                }
            )
            keys = ("picture", "shape")
            return self.dataset_info_from_configs(features=features, supervised_keys=keys)

        def _split_generators(self, dl_manager: object) -> dict[str, object]:
            return {
                "train": self._generate_examples(0, 40),
                "test": self._generate_examples(40, 50),
            }

        def _generate_examples(self, start: int, end: int) -> Iterator[tuple[int, object]]:
            for number in range(start, end):
                yield (
                    number,
                    {"picture": picture(number), "file": f"{number}", "shape": number % 2},
                )

    folder = tmp_path_factory.mktemp("tfds")
    Builder(data_dir=folder).download_and_prepare()
    return folder


@NEEDS_TENSORFLOW
def test_a_prepared_dataset_is_read_as_it_was_written(prepared: Path) -> None:
    dataset = tfds.read(name="coralexp_shapes", data_dir=str(prepared), side_px=9, resize="stretch")
    examples = dataset.open(3)

    assert dataset.classes == ("square", "circle")
    assert dataset.image_shape == (9, 9, 3)
    assert Counter(examples.splits) == {"train": 36, "validation": 4, "test": 10}
    assert Counter(examples.labels) == {0: 25, 1: 25}
    assert examples.name(45) == "test number 5"
    again = dataset.open(3)
    assert list(again.splits) == list(examples.splits)
    assert all(np.array_equal(examples.image(i), again.image(i)) for i in range(50))


@NEEDS_TENSORFLOW
def test_split_expressions_are_obeyed_and_grey_is_made(prepared: Path) -> None:
    parts = {
        "train_split": "train[:50%]",
        "validation_split": "train[50%:75%]",
        "test_split": "train[75%:]+test",
    }
    dataset = tfds.read(
        name="coralexp_shapes", data_dir=str(prepared), channels=1, side_px=8, **parts
    )
    examples = dataset.open(0)

    assert Counter(examples.splits) == {"train": 20, "validation": 10, "test": 20}
    assert examples.image(0).shape == (8, 8, 1)
    with pytest.raises(DatasetError, match=r"coralexp_shapes/1.0.0: 'dev'"):
        tfds.read(name="coralexp_shapes", data_dir=str(prepared), test_split="dev").open(0)


@NEEDS_TENSORFLOW
def test_pixels_and_labels_are_those_of_the_pictures(prepared: Path) -> None:
    examples = tfds.read(name="coralexp_shapes", data_dir=str(prepared), side_px=6).open(0)

    found = {(examples.image(i).tobytes(), examples.labels[i]) for i in range(50)}

    assert found == {
        (fit(Image.fromarray(picture(number)), 6, 3, "crop").tobytes(), number % 2)
        for number in range(50)
    }


@NEEDS_TENSORFLOW
def test_cats_and_dogs_are_parted_80_10_10(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tfds, "await_network", print)  # the mock needs none
    options = yaml.safe_load((ROOT / "conf/dataset/cats_vs_dogs.yaml").read_text(encoding="utf-8"))
    assert options.pop("_target_") == "coralexp.datasets.tfds.read"
    assert [options[f"{split}_split"] for split in ("train", "validation", "test")] == [
        "train[:80%]",
        "train[80%:90%]",
        "train[90%:]",
    ]
    with library.testing.mock_data(num_examples=30):
        dataset = tfds.read(**options | {"side_px": 16}, data_dir=str(tmp_path))
        examples = dataset.open(0)

    assert dataset.classes == ("cat", "dog")
    assert len(examples.labels) == len(examples.splits) == 90
    assert examples.image(0).shape == (16, 16, 3)


@NEEDS_TENSORFLOW
def test_a_prepared_dataset_is_collected_and_found_there(
    prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    stick = tmp_path / "stick"
    dataset = tfds.read(name="coralexp_shapes", data_dir=str(prepared))

    with collecting(stick):
        dataset.fetch()

    listed = read_sums(stick)
    assert "tfds/coralexp_shapes/1.0.0/dataset_info.json" in listed
    assert sum("tfrecord" in name for name in listed) == 2
    monkeypatch.setenv("CORALEXP_DATA", str(stick))
    found = tfds.read(name="coralexp_shapes")
    assert found.content() == dataset.content()
    assert len(found.open(0).labels) == 50


@NEEDS_TENSORFLOW
def test_the_content_is_the_description_on_the_disk(prepared: Path, tmp_path: Path) -> None:
    first = tfds.read(name="coralexp_shapes", data_dir=str(prepared)).content()
    assert tfds.read(name="coralexp_shapes", data_dir=str(prepared), side_px=8).content() == first

    copy = tmp_path / "copy"
    shutil.copytree(prepared, copy)
    info = next(copy.rglob("dataset_info.json"))
    info.write_text(info.read_text() + "\n")
    assert tfds.read(name="coralexp_shapes", data_dir=str(copy)).content() != first


def test_what_is_not_prepared_needs_a_network_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")
    dataset = tfds.read(name="cats_vs_dogs", data_dir=str(tmp_path))

    with pytest.raises(DatasetError, match=r"not prepared in .*refused.*fetch dataset=tfds"):
        dataset.content()
    with pytest.raises(DatasetError, match=r"not prepared in .*refused"):
        dataset.open(0)


def test_wrong_requests_are_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="did you mean cats_vs_dogs"):
        tfds.read(name="cats_vs_dog")
    with pytest.raises(OptionError, match=r"name: '../x'"):
        tfds.read(name="../x")
    with pytest.raises(OptionError, match=r"cannot be loaded at version 9.9.9"):
        tfds.read(name="beans:9.9.9")
    with pytest.raises(OptionError, match="test_split: is train, which trains"):
        tfds.read(name="beans", test_split="train")
    with pytest.raises(OptionError, match="which validates"):
        tfds.read(name="beans", validation_split="test")
    with pytest.raises(DatasetError, match="not of one image and one class label"):
        tfds.read(name="iris")


ABSENT = "tfds: TensorFlow Datasets is not installed; run: pip install 'coralexp[tfds]'"
LOOK = """
import sys
from coralexp.artifacts.data_folder import collecting, read_sums
from coralexp.datasets import tfds
from coralexp.datasets.pictures import fit
tfds.read(name="cats_vs_dogs")
print([name for name in ("tensorflow", "matplotlib", "pandas", "keras") if name in sys.modules])
sys.modules["tensorflow_datasets"] = None
try:
    tfds.read(name="cats_vs_dogs")
except Exception as error:
    print(type(error).__name__, error)
"""


@pytest.mark.slow
def test_asking_for_a_dataset_imports_nothing_heavy_and_its_absence_is_told() -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=ROOT, capture_output=True, text=True, check=True
    )

    assert done.stdout.splitlines() == [
        "[]",
        f"DatasetError {ABSENT}",
    ]
