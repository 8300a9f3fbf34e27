"""What goes in and out of a model rests beside its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.preprocessing import Preprocessing
from coralexp.artifacts.tflite_model import (
    CONTRACT,
    MODEL,
    InputContract,
    TensorSpec,
    TfliteModel,
    read_model,
    write_contract,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_model_comes_back_as_it_was_written(tmp_path: Path) -> None:
    model = TfliteModel(
        tmp_path / MODEL,
        1234,
        InputContract(TensorSpec("image", (1, 96, 96, 3), "uint8", 2 / 255, 127), 1.0, 0.0),
        TensorSpec("probabilities", (1, 2), "uint8", 1 / 256, 0),
        ("Äpfel", "𓀀"),
    )

    write_contract(model)

    assert read_model(tmp_path) == model
    assert "window_of" not in (tmp_path / CONTRACT).read_text()
    assert "standardize" not in (tmp_path / CONTRACT).read_text()


def test_what_the_host_does_first_is_declared(tmp_path: Path) -> None:
    tensor = TensorSpec("image", (1, 24, 24, 3), "uint8", 2 / 255, 127)
    contract = InputContract(tensor, 1.0, 0.0, (32, 32), standardize=True)
    output = TensorSpec("probabilities", (1, 2), "uint8", 1 / 256, 0)
    model = TfliteModel(tmp_path / MODEL, 1234, contract, output, ("a", "b"))

    write_contract(model)

    assert read_model(tmp_path) == model
    assert contract.image_shape == (32, 32, 3)
    assert contract.preprocessing == Preprocessing(24, standardize=True)
