"""An .h5 or .keras file is read as numbers, and not followed out of itself."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING

import h5py
import numpy as np
import pytest

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
