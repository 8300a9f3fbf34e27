"""A TensorFlow Lite model at rest: the file, and what goes in and comes out of it."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.artifacts.preprocessing import Preprocessing

if TYPE_CHECKING:
    from pathlib import Path

MODEL = "model.tflite"
CONTRACT = "contract.json"


@dataclass(frozen=True)
class TensorSpec:
    """One end of a model.

    Attributes:
        name: Of the tensor in the file.
        shape: The batch is 1.
        dtype: Such as `uint8` or `float32`.
        scale: Real value = scale * (stored - zero_point); 0 if the tensor is not quantized.
        zero_point: See `scale`.
    """

    name: str
    shape: tuple[int, ...]
    dtype: str
    scale: float
    zero_point: int


@dataclass(frozen=True)
class InputContract:
    """How pixels become the input of a model: `pixel * pixel_scale + pixel_offset`, as `dtype`.

    What the host does before is declared in the last two.

    Attributes:
        tensor: What the model takes: `[1, H, W, C]`.
        pixel_scale: 1 where the model takes plain pixels.
        pixel_offset: 0 where the model takes plain pixels, -128 for int8.
        window_of: Height and width, in pixels, of the image whose middle the model takes; None if
            it takes all of it.
        standardize: Whether each image, or its middle, is standardized first; see
            `coralexp.tflite.standardize`.
    """

    tensor: TensorSpec
    pixel_scale: float
    pixel_offset: float
    window_of: tuple[int, int] | None = None
    standardize: bool = False

    @property
    def image_shape(self) -> tuple[int, ...]:
        """Height and width in pixels, and channels if there are any, of the image to begin with."""
        shape = self.tensor.shape[1:]
        return shape if self.window_of is None else (*self.window_of, *shape[2:])

    @property
    def preprocessing(self) -> Preprocessing:
        """What the host does before pixels are scaled."""
        window_px = self.tensor.shape[1] if self.window_of else 0
        return Preprocessing(window_px, self.standardize)


@dataclass(frozen=True)
class TfliteModel:
    """A model on disk.

    Attributes:
        path: The .tflite file.
        size_bytes: Of the file.
        input: What goes in.
        output: What comes out: one row of probabilities, `[1, K]`.
        classes: Names, in the order of the output.
    """

    path: Path
    size_bytes: int
    input: InputContract
    output: TensorSpec
    classes: tuple[str, ...]


def write_contract(model: TfliteModel) -> None:
    """Write what goes in and comes out beside the model's file."""
    fields = dataclasses.asdict(model)
    fields.pop("path")
    # What most models do without is left out, as it was when there was none of it.
    if model.input.window_of is None:
        fields["input"].pop("window_of")
    if not model.input.standardize:
        fields["input"].pop("standardize")
    (model.path.parent / CONTRACT).write_text(json.dumps(fields, indent=1))


def read_model(folder: Path) -> TfliteModel:
    """Return the model of a `convert` entry."""
    fields = json.loads((folder / CONTRACT).read_text())
    ends = fields["input"]
    window_of = ends.get("window_of")
    return TfliteModel(
        folder / MODEL,
        fields["size_bytes"],
        InputContract(
            _tensor(ends["tensor"]),
            ends["pixel_scale"],
            ends["pixel_offset"],
            None if window_of is None else (window_of[0], window_of[1]),
            ends.get("standardize", False),
        ),
        _tensor(fields["output"]),
        tuple(fields["classes"]),
    )


def _tensor(fields: dict[str, object]) -> TensorSpec:
    shape = fields.pop("shape")
    return TensorSpec(shape=tuple(shape), **fields)  # type: ignore[arg-type]
