"""One operator with its tensors at hand, for the rules; whatever a file lacks is None."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from coralexp.errors import ModelFileError
from coralexp.tflite.graph import ABSENT

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt

    from coralexp.tflite.graph import Graph, Operator, Tensor

_MOST_SIZES = 8  # of a shape in a sentence
_LONGEST_PARAMETER_BYTES = 1024  # axes, paddings, sizes and permutations hold a few numbers


@dataclass(frozen=True)
class Step:
    """One operator of one graph.

    Attributes:
        graph: Holds the tensors.
        operator: One of its operators, or one made for a test.
    """

    graph: Graph
    operator: Operator

    @property
    def name(self) -> str:
        """Builtin name such as `CONV_2D`, or the custom code."""
        return self.operator.name

    def input(self, place: int) -> Tensor | None:
        """Return the tensor that is read at a place; None if it is left out."""
        return self._at(self.operator.inputs, place)

    def output(self, place: int = 0) -> Tensor | None:
        """Return the tensor that is written at a place; None if there is none."""
        return self._at(self.operator.outputs, place)

    def outputs(self) -> Iterator[Tensor]:
        """Yield the tensors that are written."""
        return self._tensors(self.operator.outputs)

    def constants(self) -> list[Tensor]:
        """Return what the file holds of the tensors that are read."""
        return [tensor for tensor in self._tensors(self.operator.inputs) if tensor.is_constant]

    def computed(self) -> list[Tensor]:
        """Return the tensors that are read and computed: neither constants nor states."""
        return [tensor for tensor in self._tensors(self.operator.inputs) if is_computed(tensor)]

    def integers(self, place: int) -> tuple[int, ...] | None:
        """Return the values of a small integer constant; None if it is none, or is damaged."""
        tensor = self.input(place)
        if tensor is None or tensor.dtype not in {"int32", "int64"}:
            return None
        if not 0 < tensor.constant_bytes <= _LONGEST_PARAMETER_BYTES:
            return None
        values = values_of(tensor)
        return None if values is None else tuple(int(value) for value in values.ravel())

    def axes(self, place: int, rank: int) -> frozenset[int] | None:
        """Return axes that a constant names, counted from the front; None if it names none."""
        values = self.integers(place)
        if values is None or any(not -rank <= value < rank for value in values):
            return None
        return frozenset(value % rank for value in values)

    def option(self, name: str) -> object:
        """Return a builtin option; None if the file does not say."""
        return self.operator.options.get(name)

    def number(self, name: str, default: int = 0) -> int:
        """Return a numeric builtin option."""
        value = self.operator.options.get(name)
        return int(value) if isinstance(value, int | float) else default

    def described(self) -> str:
        """Return what the operator reads and writes, such as `int8 [1, 10] into int8 [1, 5]`."""
        read = ", ".join(described(tensor) for tensor in self.computed()[:3]) or "nothing computed"
        written = ", ".join(described(tensor) for tensor in list(self.outputs())[:3]) or "nothing"
        return f"{read} into {written}"

    def _at(self, indices: tuple[int, ...], place: int) -> Tensor | None:
        if not 0 <= place < len(indices):
            return None
        return self._tensor(indices[place])

    def _tensors(self, indices: tuple[int, ...]) -> Iterator[Tensor]:
        for index in indices:
            tensor = self._tensor(index)
            if tensor is not None:
                yield tensor

    def _tensor(self, index: int) -> Tensor | None:
        if index == ABSENT or not 0 <= index < len(self.graph.tensors):
            return None
        return self.graph.tensors[index]


def is_computed(tensor: Tensor) -> bool:
    """Return whether a tensor is neither a constant nor a state; an empty one needs no bytes."""
    return not tensor.is_constant and not tensor.is_variable and tensor.elements > 0


def values_of(tensor: Tensor) -> npt.NDArray[np.generic] | None:
    """Return the values of a constant; None if it is none, or is damaged."""
    try:
        return tensor.values()
    except (ModelFileError, ValueError, TypeError, OverflowError):
        return None


def described(tensor: Tensor) -> str:
    """Return type and shape, such as `int8 [1, 10]`."""
    sizes = ", ".join(map(str, tensor.shape[:_MOST_SIZES]))
    return f"{tensor.dtype} [{sizes}{', ...' if len(tensor.shape) > _MOST_SIZES else ''}]"
