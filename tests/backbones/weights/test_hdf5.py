"""An .h5 or .keras file is read as numbers, and not followed out of itself."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

from coralexp.artifacts.hdf5_numbers import read_model
from coralexp.backbones.weights import hdf5, keras_archive
from coralexp.errors import WeightsError

if TYPE_CHECKING:
    from pathlib import Path

KERNEL = np.ones((3, 3, 1, 2), np.float32)


def old_layout(path: Path) -> h5py.File:
    """Start a file as Keras 2 lays it out: one layer `conv` that promises a kernel."""
    file = h5py.File(path, "w")
    file.attrs["layer_names"] = [b"conv"]
    file.create_group("conv").attrs["weight_names"] = [b"conv/kernel:0"]
    return file


def test_variables_become_layers(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with old_layout(path) as file:
        file["conv/conv/kernel:0"] = KERNEL

    (layer,) = hdf5.read(path)

    assert layer.name == "conv"
    np.testing.assert_array_equal(layer.arrays[0], KERNEL)


def test_a_link_to_another_file_is_not_followed(tmp_path: Path) -> None:
    with h5py.File(tmp_path / "secret.h5", "w") as secret:
        secret["k"] = KERNEL
    path = tmp_path / "a.h5"
    with old_layout(path) as file:
        file["conv/conv/kernel:0"] = h5py.ExternalLink(str(tmp_path / "secret.h5"), "k")

    with pytest.raises(WeightsError, match=r"a\.h5: .*missing or a link"):
        hdf5.read(path)


def test_values_kept_in_another_file_are_not_read(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(b"\0" * KERNEL.nbytes)
    path = tmp_path / "a.h5"
    with old_layout(path) as file:
        file.create_dataset(
            "conv/conv/kernel:0", KERNEL.shape, "<f4", external=[(str(secret), 0, KERNEL.nbytes)]
        )

    with pytest.raises(WeightsError, match="kept outside the file"):
        hdf5.read(path)


def test_a_claim_of_terabytes_is_refused_before_reading(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with old_layout(path) as file:
        file.create_dataset("conv/conv/kernel:0", (1 << 20, 1 << 10, 1, 1), "<f4", chunks=True)

    with pytest.raises(WeightsError, match="claims"):
        hdf5.read(path)


@pytest.mark.parametrize("content", [b"", b"not HDF5", b"\x89HDF\r\n\x1a\n" + b"\0" * 100])
def test_a_damaged_file_is_refused_by_name(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    path.write_bytes(content)

    with pytest.raises(WeightsError, match=r"a\.h5: cannot be read as HDF5"):
        hdf5.read(path)


def test_a_file_without_layers_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.h5"
    with h5py.File(path, "w") as file:
        file["x"] = np.ones(3)

    with pytest.raises(WeightsError, match="holds no layers"):
        hdf5.read(path)


def test_of_an_archive_only_the_weights_are_opened(tmp_path: Path) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        file["layers/conv2d/vars/0"] = KERNEL
        file["layers/conv2d_10/vars/0"] = KERNEL
        file["layers/conv2d_2/vars/0"] = KERNEL
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", '{"class_name": "Lambda", "broken": ')
        archive.writestr("model.weights.h5", content.getvalue())

    assert [layer.slot for layer in keras_archive.read(path)] == ["conv2d", "conv2d_2", "conv2d_10"]


def test_an_archive_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("holiday.txt", "sun")

    with pytest.raises(WeightsError, match=r"a\.keras: has no model\.weights\.h5"):
        keras_archive.read(path)
    path.write_bytes(b"PK\x03\x04 cut off")
    with pytest.raises(WeightsError, match=r"a\.keras: cannot be read"):
        keras_archive.read(path)


def test_a_file_that_unpacks_to_more_than_is_read_is_refused_before_it_is_read(
    tmp_path: Path,
) -> None:
    path = tmp_path / "bomb.h5"
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [f"conv{n}".encode() for n in range(4)]
        for number in range(4):
            layer = file.create_group(f"conv{number}")
            layer.attrs["weight_names"] = [b"c/kernel:0"]
            zeros = np.zeros((3, 3, 64, 64), np.float32)  # 144 KiB each
            layer.create_dataset("c/kernel:0", data=zeros, compression="gzip")

    assert path.stat().st_size < 40_000
    assert len(hdf5.read(path)) == 1  # layers of one name are one
    with pytest.raises(WeightsError, match="claims 147456 bytes, more than is read of one file"):
        hdf5.read(path, most_bytes=500_000)  # three fit, and the fourth would not


def test_an_archive_counts_what_it_unpacks_to_and_what_that_unpacks_to(tmp_path: Path) -> None:
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        zeros = np.zeros((3, 3, 64, 64), np.float32)
        file.create_dataset("layers/conv2d/vars/0", data=zeros, compression="gzip")
        file["padding"] = np.zeros(100_000, np.uint8)
    path = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("model.weights.h5", content.getvalue())
    unpacked = len(content.getvalue())

    assert path.stat().st_size < 10_000
    assert len(keras_archive.read(path, unpacked + 147_456)) == 1
    with pytest.raises(WeightsError, match="claims 147456 bytes, more than is read"):
        keras_archive.read(path, unpacked + 147_455)
    with pytest.raises(WeightsError, match=rf"model\.weights\.h5 in it claims {unpacked} bytes"):
        keras_archive.read(path, unpacked - 1)


def test_folders_that_hold_themselves_are_not_followed_for_ever(tmp_path: Path) -> None:
    path = tmp_path / "loop.h5"
    with h5py.File(path, "w") as file:
        layers = file.create_group("layers")
        for number in range(40):
            layers[f"again{number}"] = layers

    with pytest.raises(WeightsError, match="folders"):
        hdf5.read(path)


@pytest.mark.parametrize("harm", ["text", "link", "outside"])
def test_a_whole_model_is_read_as_numbers_of_its_own_file_alone(harm: str, tmp_path: Path) -> None:
    path = tmp_path / "model.h5"
    with h5py.File(path, "w") as file:
        top = file.create_group("model_weights")
        top.attrs["layer_names"] = [b"image", b"dense"]
        top.create_group("image").attrs["weight_names"] = []
        top.create_group("dense").attrs["weight_names"] = [b"dense/kernel:0", b"dense/bias:0"]
        top["dense/dense/kernel:0"] = np.ones((4, 2), np.float32)
        top["dense/dense/bias:0"] = np.zeros(2, np.float32)
    ((name, arrays),) = read_model(path)
    assert (name, [array.shape for array in arrays]) == ("dense", [(4, 2), (2,)])

    with h5py.File(path, "r+") as file:
        folder = file["model_weights/dense/dense"]
        del folder["bias:0"]
        if harm == "text":
            folder["bias:0"] = "words"
        elif harm == "link":
            folder["bias:0"] = h5py.ExternalLink("/etc/passwd", "x")
        else:
            folder.create_dataset("bias:0", (2,), "<f4", external=[("/etc/passwd", 0, 8)])

    with pytest.raises(WeightsError, match=r"holds no numbers|missing or a link|outside the file"):
        read_model(path)
