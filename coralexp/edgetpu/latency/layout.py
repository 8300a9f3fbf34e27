"""What it costs a host to lay out the chip's outputs as TensorFlow Lite wants them.

The chip gives channels in groups; the fewer of them there are, the more single values the host has
to move. On a Jetson Nano, tensors of 3 channels come at 23 MB/s and one of 7 x 7 x 1280 at 53.7
MB/s (iwatake2222/EdgeTPU_Analysis at 1f5fbce: InOut_padding, and MobileNetV2 without its head).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from coralexp.tflite.graph import Tensor

_FEW = 3  # channels to which a link's output rate belongs
_MANY_SHARE = 23 / 53.7  # of the time for a byte, where channels are many


def three_channel_bytes(tensors: Iterable[Tensor]) -> float:
    """Return how many bytes of 3-channel tensors take the same time to be laid out."""
    total = 0.0
    for tensor in tensors:
        channels = max(abs(tensor.shape[-1]) if tensor.shape else 1, _FEW)
        share = _MANY_SHARE + (1 - _MANY_SHARE) * _FEW / channels
        total += tensor.size_bytes * share
    return total
