"""The constants of a .tflite file come out as real numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from coralexp.errors import ModelFileError
from coralexp.tflite.weights import read_constants

if TYPE_CHECKING:
    from pathlib import Path


def test_per_channel_and_per_tensor_files_hold_the_same_network(shared: Path) -> None:
    models = shared / "edgetpu" / "models"
    first, second = (
        read_constants(models / name)
        for name in ("tf2_mobilenet_v2_1.0_224_ptq.tflite", "mobilenet_v2_1.0_224_quant.tflite")
    )

    assert len(first.layers) == 53
    assert [(x.kind, x.kernel.shape) for x in first.layers] == [
        (x.kind, x.kernel.shape) for x in second.layers
    ]
    assert first.layers[0].kernel.shape == (3, 3, 3, 32)
    assert first.layers[1].kernel.shape == (3, 3, 32, 1)
    assert first.layers[-1].kernel.shape == (1, 1, 1280, 1001)
    assert first.input_scale == pytest.approx(2 / 255)
    assert (first.input_zero_point, second.input_zero_point) == (127, 128)
    for layer in (*first.layers, *second.layers):
        assert np.isfinite(layer.kernel).all()
        assert np.isfinite(layer.bias).all()
        assert 0 < np.abs(layer.kernel).max() < 100


def test_a_compiled_file_says_so(shared: Path) -> None:
    path = shared / "edgetpu" / "models" / "mobilenet_v1_0.25_128_quant_edgetpu.tflite"

    with pytest.raises(ModelFileError, match="compiled for the Edge TPU"):
        read_constants(path)


@pytest.mark.parametrize(
    "content", [b"", b"nonsense", b"\x1c\0\0\0TFL3", b"\xff" * 4 + b"TFL3" + b"\xff" * 64]
)
def test_a_damaged_file_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "a.tflite"
    path.write_bytes(content)

    with pytest.raises(ModelFileError, match=r"a\.tflite: (damaged|not a TensorFlow Lite model)"):
        read_constants(path)


def test_a_file_cut_short_is_damaged_wherever_it_is_cut(shared: Path, tmp_path: Path) -> None:
    whole = (shared / "edgetpu" / "models" / "mobilenet_v1_0.25_128_quant.tflite").read_bytes()
    path = tmp_path / "a.tflite"
    for share in (0.001, 0.1, 0.5, 0.9):
        path.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(ModelFileError, match=r"a\.tflite: damaged"):
            read_constants(path)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelFileError, match="cannot be read"):
        read_constants(tmp_path / "a.tflite")
