"""A file of weights with a program in it is read, and the program does not run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from programs import with_a_program

from coralexp.backbones import convnet

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.tf
@pytest.mark.filterwarnings("ignore:You are saving your model as an HDF5 file")
@pytest.mark.parametrize("name", ["evil.h5", "evil.keras"])
def test_a_lambda_layer_in_a_file_of_weights_does_not_run(name: str, tmp_path: Path) -> None:
    from coralexp.tf_runtime import keras

    saved = convnet.build((16, 16, 1), filters=(4, 6))
    mark, file = tmp_path / "mark", tmp_path / name
    with_a_program(saved, mark, file)

    built = convnet.build((16, 16, 1), filters=(4, 6), weights=str(file))

    assert not mark.exists()
    for ours, theirs in zip(built.get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    keras.models.load_model(file, compile=False, safe_mode=False)
    assert mark.exists()  # it would have run
