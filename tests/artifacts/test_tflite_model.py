"""What goes in and out of a model rests beside its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from coralexp.artifacts.tflite_model import (
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
