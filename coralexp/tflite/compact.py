"""The same model in fewer bytes: equal vectors of a .tflite file are stored once.

Quantization by channel writes a scale and a zero point a channel for each kernel and bias, and all
zero points are 0, 8 bytes each: a tenth of an int8 MobileNet. A flatbuffer may refer to one
vector from many places, so nothing is lost, and readers see no difference.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import flatbuffers
import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

_IDENTIFIER = b"TFL3"
_DATA_ALIGNMENT_BYTES = (
    16  # of a buffer's data; the schema's `force_align`, which Python's code forgets
)


class _SharingBuilder(flatbuffers.Builder):  # type: ignore[misc]
    """Writes each vector once, however often it is asked to."""

    def __init__(self, initial_size: int) -> None:
        super().__init__(initial_size)
        self._written: dict[tuple[str, bytes], int] = {}

    def CreateNumpyVector(self, x: npt.NDArray[np.generic]) -> int:  # noqa: N802 - flatbuffers' name
        """Return where the vector is."""
        content = (x.dtype.str, x.tobytes())
        if content not in self._written:
            if x.dtype.itemsize == 1:
                self.Prep(_DATA_ALIGNMENT_BYTES, x.size)
            self._written[content] = super().CreateNumpyVector(x)
        return self._written[content]


def share_vectors(data: bytes) -> bytes:
    """Return the same model with each vector of numbers stored once.

    Constants that lie behind the flatbuffer, as ai-edge-quantizer writes them, come inside: readers
    of before 2023, the Edge TPU's compiler among them, know no other place.

    Args:
        data: A .tflite file as TensorFlow's converter gives it, below 2 GB.
    """
    from ai_edge_litert.schema_py_generated import Model, ModelT

    model = ModelT.InitFromObj(Model.GetRootAs(data, 0))
    for buffer in model.buffers:
        if buffer.offset > 1:  # 0 and 1 say that the data is inside; the schema's own rule
            content = data[buffer.offset : buffer.offset + buffer.size]
            buffer.data = np.frombuffer(content, np.uint8)
            buffer.offset = buffer.size = 0
    builder = _SharingBuilder(len(data))
    builder.Finish(model.Pack(builder), _IDENTIFIER)
    return bytes(builder.Output())
