"""Data and weights are brought into a folder from a real server, and then no network is needed."""

from __future__ import annotations

import hashlib
import socket
from typing import TYPE_CHECKING

import numpy as np
import official_files
import pytest

from coralexp.artifacts.data_folder import read_sums
from coralexp.backbones.weights import download
from coralexp.cli.main import main
from coralexp.datasets import cifar, cifar10, fashion_mnist, mnist, mnist_files

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

WEIGHTS = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5"


def sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def web(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Path]:
    """Return a folder that stands for the publishers' servers, with small files of their names."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path / "home"))
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.chdir(tmp_path)
    folder = official_files.unpacked(tmp_path / "web", official_files.mnist_files(zipped=True))
    np.savez(folder / "mnist.npz", **official_files.mnist_arrays())
    files = official_files.cifar10_python()
    official_files.archive(folder / cifar10.ARCHIVE, "cifar-10-batches-py", files)
    monkeypatch.setattr(mnist, "SHA256", sha256(folder / "mnist.npz"))
    monkeypatch.setattr(cifar10, "SHA256", sha256(folder / cifar10.ARCHIVE))
    digests = {name: sha256(folder / f"{name}.gz") for name in fashion_mnist.SHA256}
    monkeypatch.setattr(fashion_mnist, "SHA256", digests)
    with official_files.serving(folder) as url:
        for module in (mnist_files, cifar, download):
            monkeypatch.setattr(module, "SERVER", url)
        yield folder


def unplug(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put an address that nothing answers in the place of every server."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    for module in (mnist_files, cifar, download):
        monkeypatch.setattr(module, "SERVER", url)


def test_a_sweep_is_fetched_listed_and_then_needs_no_network(
    web: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    args = ["fetch", "dataset=mnist,cifar10,fashion_mnist,glyphs", "--to", "stick"]

    assert main(args) == 0

    said = capsys.readouterr().out
    assert "dataset cifar10\n  cifar-10-python.tar.gz" in said
    assert "downloaded" in said
    assert "6 files" in said
    assert f"CORALEXP_DATA={tmp_path / 'stick'}" in said
    listed = read_sums(tmp_path / "stick")
    assert sorted(listed) == [
        "cifar-10-python.tar.gz",
        "fashion_mnist/t10k-images-idx3-ubyte.gz",
        "fashion_mnist/t10k-labels-idx1-ubyte.gz",
        "fashion_mnist/train-images-idx3-ubyte.gz",
        "fashion_mnist/train-labels-idx1-ubyte.gz",
        "mnist.npz",
    ]
    for name, digest in listed.items():
        assert sha256(tmp_path / "stick" / name) == digest
    assert not (tmp_path / "home" / ".keras").exists()

    unplug(monkeypatch)
    monkeypatch.setenv("CORALEXP_DATA", str(tmp_path / "stick"))
    assert len(cifar10.read().open(0).labels) == 120
    assert len(mnist.read().open(0).labels) == 80
    assert len(fashion_mnist.read().open(0).labels) == 80

    assert main(args) == 0  # nothing is left to download
    assert "there already" in capsys.readouterr().out


def test_what_cannot_be_had_is_told_and_the_rest_is_there(
    web: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (web / "mnist.npz").unlink()

    status = main(["fetch", "dataset=mnist,cifar10", f"--to={tmp_path / 'stick'}"])

    said = capsys.readouterr().out
    assert status == 1
    assert "failed: mnist: mnist.npz is not on this machine and could not be downloaded" in said
    assert "the server answers 404" in said
    assert "1 of 2 could not be had" in said
    assert list(read_sums(tmp_path / "stick")) == ["cifar-10-python.tar.gz"]


def test_another_file_than_published_is_refused(
    web: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (web / cifar10.ARCHIVE).write_bytes(b"something else")

    assert main(["fetch", "dataset=cifar10", "--to", str(tmp_path / "stick")]) == 1

    assert "its SHA-256 is" in capsys.readouterr().out
    assert list((tmp_path / "stick").iterdir()) == []


def test_wrong_requests_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "file").touch()

    assert main(["fetch", "dataset=digits", "--to", "stick"]) == 0
    assert "need no file from elsewhere" in capsys.readouterr().out
    assert not (tmp_path / "stick").exists()
    assert main(["fetch", "dataset=mnst", "--to", "stick"]) == 2
    assert "did you mean 'mnist'" in capsys.readouterr().err
    assert main(["fetch", "dataset=mnist", "--to", "file/below"]) == 2
    assert "--to: file/below" in capsys.readouterr().err
    with pytest.raises(SystemExit) as caught:
        main(["fetch", "dataset=mnist"])
    assert caught.value.code == 2


@pytest.mark.tf
def test_weights_are_fetched_and_then_need_no_network(
    web: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    from coralexp.backbones import mobilenetv2
    from coralexp.tf_runtime import keras

    original = keras.applications.MobileNetV2((96, 96, 3), 0.35, include_top=False, weights=None)
    (web / "mobilenet_v2").mkdir()
    original.save_weights(web / "mobilenet_v2" / WEIGHTS)

    args = ["dataset.side_px=96", "backbone.weights=imagenet", "--to", "stick"]
    assert main(["fetch", *args]) == 0

    said = capsys.readouterr().out
    assert said.startswith("weights of mobilenetv2 for 96 x 96 px (width=0.35, cut_at=None)\n")
    assert f"models/{WEIGHTS}" in said
    assert list(read_sums(tmp_path / "stick")) == [f"models/{WEIGHTS}"]

    unplug(monkeypatch)
    monkeypatch.setenv("CORALEXP_DATA", str(tmp_path / "stick"))
    model = mobilenetv2.build((96, 96, 3), width=0.35, weights="imagenet")
    for ours, theirs in zip(model.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
