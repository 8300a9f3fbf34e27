"""CIFAR in every form in which it is published, on small files; hostile ones run nothing."""

from __future__ import annotations

import hashlib
import io
import os
import pickle  # noqa: S403 - to write such files
import socket
import tarfile
from collections import Counter
from typing import TYPE_CHECKING

import numpy as np
import official_files
import pytest

from coralexp.datasets import cifar, cifar10, cifar100, cifar_pickle
from coralexp.errors import DatasetError, OptionError

if TYPE_CHECKING:
    from pathlib import Path

PYTHON = ("cifar-10-batches-py", official_files.cifar10_python())
BINARY = ("cifar-10-batches-bin", official_files.cifar10_binary())


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    return tmp_path / "home"


def places(folder: Path) -> dict[str, Path]:
    return {
        "python archive": official_files.archive(folder / "cifar-10-python.tar.gz", *PYTHON),
        "binary archive": official_files.archive(folder / "other name.tar.gz", *BINARY),
        "python folder": official_files.unpacked(folder / "a", PYTHON[1]),
        "binary folder": official_files.unpacked(folder / "b" / BINARY[0], BINARY[1]).parent,
        "folder of the archive": folder,
    }


def test_every_form_gives_the_same_examples_and_keeps_the_official_test(tmp_path: Path) -> None:
    batches = official_files.cifar10_batches()
    test_pixels, test_labels = batches["test_batch"]
    first = None
    for place in places(tmp_path).values():
        dataset = cifar10.read(path=str(place))
        examples = dataset.open(3)

        assert dataset.image_shape == (32, 32, 3)
        assert Counter(examples.splits) == {"train": 90, "validation": 10, "test": 20}
        assert list(examples.splits[100:]) == ["test"] * 20
        assert list(examples.labels[100:]) == test_labels
        planes = test_pixels[4].reshape(3, 32, 32)  # red, green, blue
        assert np.array_equal(examples.image(104), planes.transpose(1, 2, 0))
        everything = [list(examples.labels), list(examples.splits)]
        everything += [examples.image(i).tobytes() for i in range(0, 120, 7)]
        first = first or everything
        assert everything == first


def test_validation_is_a_share_of_each_class_that_the_seed_decides(tmp_path: Path) -> None:
    dataset = cifar10.read(path=str(places(tmp_path)["python archive"]), validation=0.2)

    examples = dataset.open(1)

    counts = Counter(zip(examples.splits, examples.labels, strict=True))
    assert {counts["validation", label] for label in range(10)} == {2}
    assert examples.splits == dataset.open(1).splits != dataset.open(2).splits


def test_another_side_is_resized(tmp_path: Path) -> None:
    dataset = cifar10.read(path=str(places(tmp_path)["binary folder"]), side_px=48)

    assert dataset.open(0).image(0).shape == dataset.image_shape == (48, 48, 3)


@pytest.mark.parametrize("binary", [False, True])
def test_cifar100_has_fine_and_coarse_labels(tmp_path: Path, binary: bool) -> None:
    path = str(official_files.unpacked(tmp_path, official_files.cifar100(binary)))

    fine = cifar100.read(path=path)
    coarse = cifar100.read(path=path, labels="coarse")

    assert len(fine.classes) == 100
    assert fine.classes[14] == "butterfly"
    assert len(coarse.classes) == 20
    assert list(fine.open(0).labels) == [number % 100 for number in range(300)] * 2
    assert list(coarse.open(0).labels) == [number % 100 % 20 for number in range(300)] * 2


def test_the_data_folder_is_looked_at_before_the_cache_of_keras(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache = home / ".keras" / "datasets"
    cache.mkdir(parents=True)
    official_files.archive(cache / "cifar-10-batches-py.tar.gz", *PYTHON)
    assert len(cifar10.read().open(0).labels) == 120

    smaller = official_files.cifar10_binary(per_batch=10)
    official_files.unpacked(tmp_path / "stick" / "cifar10" / "cifar-10-batches-bin", smaller)
    monkeypatch.setenv("CORALEXP_DATA", str(tmp_path / "stick"))
    assert len(cifar10.read().open(0).labels) == 60

    (tmp_path / "stick" / "SHA256SUMS").write_text(
        f"{'0' * 64}  cifar10/cifar-10-batches-bin/data_batch_2.bin\n"
    )
    with pytest.raises(DatasetError, match=r"data_batch_2.bin is not what .*SHA256SUMS says"):
        cifar10.read().content()
    monkeypatch.setenv("CORALEXP_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(DatasetError, match=r"CORALEXP_DATA=.*nowhere names no folder"):
        cifar10.read().content()


def test_the_content_of_what_is_not_here_is_the_published_digest(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        monkeypatch.setattr(cifar, "SERVER", f"http://127.0.0.1:{server.getsockname()[1]}")
        monkeypatch.setenv("no_proxy", "127.0.0.1")

        assert cifar10.read().content() == cifar10.SHA256
        assert cifar100.read().content() == cifar100.SHA256


def test_without_network_the_error_names_the_file_and_its_place(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")

    for read in (cifar10.read().content, lambda: cifar10.read().open(0)):
        with pytest.raises(DatasetError) as caught:
            read()
        text = str(caught.value)
        assert "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz" in text
        assert str(home / ".keras" / "datasets" / "cifar-10-python.tar.gz") in text
        assert "CORALEXP_DATA" in text


def test_the_real_archive_is_downloaded_whole_or_refused(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = official_files.archive(tmp_path / cifar10.ARCHIVE, *PYTHON)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    with official_files.serving(tmp_path) as url:
        monkeypatch.setattr(cifar, "SERVER", url)
        with pytest.raises(DatasetError, match=f"its SHA-256 is .*, expected {cifar10.SHA256}"):
            cifar10.read().open(0)

        digest = hashlib.sha256(place.read_bytes()).hexdigest()
        monkeypatch.setattr(cifar10, "SHA256", digest)
        dataset = cifar10.read()
        assert dataset.content() == digest
        assert len(dataset.open(0).labels) == 120
    assert cifar10.read().content() == digest  # from where Keras would look for it
    assert (home / ".keras" / "datasets" / "cifar-10-batches-py.tar.gz").is_file()


class Trap:
    """An object whose pickle makes a folder when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[object, ...]]:
        return os.mkdir, (str(self.path),)


@pytest.mark.parametrize("protocol", range(6))
def test_a_hostile_pickle_runs_nothing(tmp_path: Path, protocol: int) -> None:
    sprung = tmp_path / "sprung"
    files = PYTHON[1] | {"data_batch_3": pickle.dumps({"data": Trap(sprung)}, protocol)}
    place = official_files.archive(tmp_path / "c.tar.gz", PYTHON[0], files)

    with pytest.raises(DatasetError, match=r"data_batch_3: holds .* could run a program"):
        cifar10.read(path=str(place)).open(0)

    assert not sprung.exists()
    pickle.loads(pickle.dumps(Trap(sprung), protocol))  # noqa: S301 - the trap does work
    assert sprung.exists()


@pytest.mark.parametrize(
    ("program", "told"),
    [
        (b"cos\nsystem\n(S'true'\ntR.", "os.system"),
        (b"cbuiltins\neval\n(S'1'\ntR.", "builtins.eval"),
        (b"cnumpy\nload\n.", "numpy.load"),
        (b"cnumpy\nndarray\n(I1\ntR.", "a call of numpy.ndarray"),
        (b"cnumpy\ndtype\n}S'make'\nNsb.", "a change of a function"),
        (b"(i__main__\nTrap\n.", "the operation INST"),
        (b"\x80\x02P1\n.", "the operation PERSID"),
        (b"\x80\x02Nr\xff\xff\xff\x7f.", "LONG_BINPUT 2147483647"),
        (b"\x80\x05\x96\xff\xff\xff\xff\xff\xff\xff\x7f.", "damaged"),
        (b"T\xff\xff\xff\x7f.", "damaged"),
        (b"I1\n.", "no dictionary"),
        (b"", "damaged"),
        (b"}", "damaged"),
    ],
)
def test_programs_that_are_no_batch_are_refused(program: bytes, told: str) -> None:
    with pytest.raises(DatasetError, match=told):
        cifar_pickle.read_batch(program, "batch")


def test_arrays_of_objects_are_refused() -> None:
    objects = pickle.dumps({"data": np.array([None], dtype=object)}, 2)

    with pytest.raises(DatasetError, match="array"):
        cifar_pickle.read_batch(objects, "batch")


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_batches_pickled_again_by_python_3_are_read(protocol: int) -> None:
    pixels = np.asfortranarray(official_files.pictures(3))

    batch = cifar_pickle.read_batch(pickle.dumps({b"data": pixels, "labels": [1]}, protocol), "b")

    assert np.array_equal(batch["data"], pixels)
    assert batch["labels"] == [1]


def test_links_and_paths_in_an_archive_lead_nowhere(tmp_path: Path) -> None:
    place = tmp_path / "c.tar.gz"
    with tarfile.open(place, "w:gz") as tar:
        for name, data in PYTHON[1].items():
            member = tarfile.TarInfo(f"../../{name}")
            member.size = len(data)
            if name == "data_batch_2":
                member.type, member.linkname, member.size = tarfile.SYMTYPE, "/etc/passwd", 0
            tar.addfile(member, io.BytesIO(data))

    with pytest.raises(DatasetError, match="lacks data_batch_2"):
        cifar10.read(path=str(place)).open(0)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["c.tar.gz"]


def test_an_archive_that_holds_more_than_it_may_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = str(places(tmp_path)["python archive"])
    monkeypatch.setattr(cifar, "MOST_BYTES", 10_000)

    with pytest.raises(DatasetError, match="more than any archive of CIFAR"):
        cifar10.read(path=place).open(0)


def changed(**files: bytes) -> dict[str, bytes]:
    return PYTHON[1] | files


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (changed(test_batch=b"\x80\x02}q\x00."), "expected an array 'data'"),
        (changed(test_batch=official_files.python2_pickle({"labels": [1]})), "'data'"),
        (
            changed(
                test_batch=official_files.python2_pickle(
                    {"labels": [10, 1], "data": official_files.pictures(2)}
                )
            ),
            "labels outside 0 to 9",
        ),
        (
            changed(
                test_batch=official_files.python2_pickle(
                    {"labels": [1], "data": official_files.pictures(2)}
                )
            ),
            "N labels",
        ),
        (BINARY[1] | {"data_batch_1.bin": b"123"}, r"3 bytes; expected a multiple of 3073"),
        ({"test_batch": PYTHON[1]["test_batch"]}, "lacks data_batch_1, data_batch_2"),
    ],
)
def test_damage_is_told(tmp_path: Path, files: dict[str, bytes], told: str) -> None:
    place = official_files.archive(tmp_path / "c.tar.gz", "x", files)

    with pytest.raises(DatasetError, match=told):
        cifar10.read(path=str(place)).open(0)


def test_half_an_archive_is_damaged(tmp_path: Path) -> None:
    place = places(tmp_path)["python archive"]
    place.write_bytes(place.read_bytes()[:50_000])

    with pytest.raises(DatasetError, match=r"cifar-10-python.tar.gz: is damaged"):
        cifar10.read(path=str(place)).open(0)


def test_wrong_options_are_refused_at_once(tmp_path: Path) -> None:
    with pytest.raises(OptionError, match="does not exist"):
        cifar10.read(path=str(tmp_path / "nothing"))
    with pytest.raises(OptionError, match=r"holds neither cifar-10-python.tar.gz nor"):
        cifar10.read(path=str(tmp_path))
    with pytest.raises(OptionError, match="side_px"):
        cifar10.read(side_px=0)
    with pytest.raises(OptionError, match=r"validation: must be from 0.01"):
        cifar100.read(validation=0.9)
