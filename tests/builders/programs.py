"""Keras files with a layer in them that is a program: it leaves a mark when somebody loads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def with_a_program(model, mark: Path, file: Path) -> None:
    """Save a model of Keras with one more layer, which writes the file `mark` when it is built.

    Args:
        model: A network.
        mark: Written by whoever runs the layer; it is not there when this returns.
        file: `.h5` or `.keras`.
    """
    from coralexp.tf_runtime import keras

    def leave_a_mark(x, path=str(mark)):
        open(path, "a", encoding="utf-8").close()  # noqa: PTH123 - nothing is imported where it runs
        return x

    armed = keras.Model(model.input, keras.layers.Lambda(leave_a_mark)(model.output))
    armed.save(file)
    mark.unlink()
