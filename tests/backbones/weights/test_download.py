"""MobileNet's ImageNet weights lie in Keras' folder, or the error says where to put them."""

from __future__ import annotations

import socket
import time
from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.artifacts import downloads
from coralexp.backbones import mobilenetv1, mobilenetv2
from coralexp.backbones.weights import download
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.tf


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return an empty home folder, on a machine whose proxy answers nothing."""
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(tmp_path))
    monkeypatch.delenv("CORALEXP_DATA", raising=False)
    return tmp_path


@pytest.mark.parametrize(
    ("backbone", "width", "name"),
    [
        (
            mobilenetv2,
            0.35,
            "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5",
        ),
        (mobilenetv1, 0.5, "mobilenet_5_0_224_tf_no_top.h5"),  # none for 96 px: that of 224
    ],
)
def test_without_network_the_error_names_file_and_folder_at_once(
    backbone, width, name, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:  # accepts, and never answers
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{silent.getsockname()[1]}")
        monkeypatch.setattr(downloads, "PATIENCE_S", 0.5)
        start = time.monotonic()

        with pytest.raises(WeightsError) as caught:
            backbone.build((96, 96, 3), width=width, weights="imagenet")

    assert time.monotonic() - start < 20
    text = str(caught.value)
    assert name in text
    assert str(home / ".keras" / "models") in text
    assert list((home / ".keras" / "models").iterdir()) == []
    assert socket.getdefaulttimeout() is None


def test_a_refused_connection_is_told_at_once(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{closed.getsockname()[1]}")

    with pytest.raises(WeightsError, match=r"could not be downloaded \(.*refused.*put it into"):
        mobilenetv2.build((96, 96, 3), weights="imagenet")


def test_a_file_in_the_folder_is_used(home: Path) -> None:
    from coralexp.tf_runtime import keras

    original = keras.applications.MobileNetV2((96, 96, 3), 0.35, include_top=False, weights=None)
    folder = home / ".keras" / "models"
    folder.mkdir(parents=True)
    name = "mobilenet_v2_weights_tf_dim_ordering_tf_kernels_0.35_96_no_top.h5"
    original.save_weights(folder / name)

    model = mobilenetv2.build((96, 96, 3), width=0.35, weights="imagenet")

    for ours, theirs in zip(model.get_weights(), original.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_the_data_folder_is_looked_at_first_and_its_list_is_kept_to(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stick, name = tmp_path / "stick", "mobilenet_2_5_128_tf_no_top.h5"
    (stick / "models").mkdir(parents=True)
    (stick / "models" / name).write_bytes(b"of the stick")
    monkeypatch.setenv("CORALEXP_DATA", str(stick))
    assert download.fetch("mobilenet", name) == stick / "models" / name

    (stick / "SHA256SUMS").write_text(f"{'0' * 64}  models/{name}\n")
    with pytest.raises(WeightsError, match=f"{name} is not what .*SHA256SUMS says"):
        download.fetch("mobilenet", name)


def test_a_damaged_file_in_the_folder_is_named(home: Path) -> None:
    folder = home / ".keras" / "models"
    folder.mkdir(parents=True)
    (folder / "mobilenet_2_5_128_tf_no_top.h5").write_bytes(b"half of it")

    with pytest.raises(WeightsError, match=r"mobilenet_2_5_128_tf_no_top\.h5: cannot be read"):
        mobilenetv1.build((128, 128, 3), width=0.25, weights="imagenet")


def test_a_home_that_takes_no_files_is_told(home: Path) -> None:
    (home / ".keras").write_text("a file where the folder should be")

    with pytest.raises(WeightsError, match="could not be downloaded"):
        mobilenetv2.build((96, 96, 3), weights="imagenet")
