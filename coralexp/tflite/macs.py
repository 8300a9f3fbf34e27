"""How many multiplications an operator takes, one function a kind of operator.

Only what multiplies values by weights, or activations by activations, in sums: convolutions, dense
layers, products of matrices, recurrent layers. Shapes: N images, h and w sides of an output, kh
and kw of a kernel, C input and F output channels, T steps in time.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from coralexp.tflite.graph import Option, Tensor

    Shape = Sequence[int]
    Options = Mapping[str, Option]

_BASIC_LSTM_INPUTS = 5  # of the older kernel: input, output before, one kernel, bias, state


def macs_of(
    name: str,
    tensors: Sequence[Tensor],
    inputs: Sequence[int],
    outputs: Sequence[int],
    options: Options,
) -> int:
    """Return the multiplications with addition: one for each weight and each place of its use.

    A dimension that only the run tells counts as one. Where the tensors are fewer or of a lower
    rank than the operator's definition says, nothing can be told, and it is 0.

    Args:
        name: Builtin name of the operator.
        tensors: Of its graph.
        inputs: Tensor indices.
        outputs: Tensor indices.
        options: Of the operator.
    """
    count = _KINDS.get(name)
    if count is None:
        return 0
    shapes = [tensors[index].shape if index >= 0 else None for index in inputs]
    written = [tensors[index].shape for index in outputs if index >= 0]
    try:
        return count(shapes, written[0], options)
    except IndexError:
        return 0


def _convolution(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernel `[F, kh, kw, C / groups]`, output `[N, h, w, F]`: `kh kw C / groups * N h w F`."""
    return _size(_rank(inputs[1], 4)[1:]) * _size(output)


def _depthwise(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernel `[1, kh, kw, F]`, F being C times the multiplier: `kh kw * N h w F`."""
    return _size(_rank(inputs[1], 4)[1:3]) * _size(output)


def _transpose_convolution(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernel `[F, kh, kw, C]`, input `[N, h, w, C]`, each element once: `F kh kw * N h w C`."""
    return _size(_rank(inputs[1], 4)[:3]) * _size(_rank(inputs[2], 4))


def _convolution_3d(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernel `[kd, kh, kw, C, F]`, output `[N, d, h, w, F]`: `kd kh kw C * N d h w F`."""
    return _size(_rank(inputs[1], 5)[:4]) * _size(output)


def _transpose_convolution_3d(
    inputs: Sequence[Shape | None], output: Shape, options: Options
) -> int:
    """Kernel `[kd, kh, kw, F, C]`, input `[N, d, h, w, C]`: `kd kh kw F * N d h w C`."""
    return _size(_rank(inputs[1], 5)[:4]) * _size(_rank(inputs[2], 5))


def _dense(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernel `[F, C]`, output `[..., F]`: `C * ... F`."""
    return abs(_rank(inputs[1], 2)[1]) * _size(output)


def _matrix_product(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """`[..., M, K]`, or `[..., K, M]` if `adj_x`, by K rows to `[..., M, N]`: `K * ... M N`."""
    return abs(_rank(inputs[0], 2)[-2 if options.get("adj_x") else -1]) * _size(output)


def _lstm(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Gates' kernels (1 to 8), peepholes (9 to 11), projection (16), each for N inputs.

    The older kernel has all gates in one: input 2, `[4 F, C + F]`.
    """
    times = abs(_rank(inputs[0], 2)[0])
    if len(inputs) == _BASIC_LSTM_INPUTS:
        return times * _size(_rank(inputs[2], 2))
    return times * _weights(inputs, range(1, 12), 16)


def _sequence_lstm(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """As for one step, for N inputs of T steps each, `[N, T, C]` or `[T, N, C]`."""
    return _size(_rank(inputs[0], 3)[:2]) * _weights(inputs, range(1, 12), 16)


def _sequence_lstm_both_ways(
    inputs: Sequence[Shape | None], output: Shape, options: Options
) -> int:
    """Forwards 1 to 11 and 16, backwards 18 to 28 and 33, a second input's kernels 40 to 47."""
    kernels = (*range(1, 12), 16, *range(18, 29), 33, *range(40, 48))
    return _size(_rank(inputs[0], 3)[:2]) * _weights(inputs, kernels)


def _rnn(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernels 1, `[F, C]`, and 2, `[F, F]`, for N inputs."""
    return abs(_rank(inputs[0], 2)[0]) * _weights(inputs, (1, 2))


def _sequence_rnn(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernels 1 and 2, for N inputs of T steps."""
    return _size(_rank(inputs[0], 3)[:2]) * _weights(inputs, (1, 2))


def _sequence_rnn_both_ways(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Forwards 1 and 2, backwards 5 and 6, a second input's kernels 10 and 11."""
    return _size(_rank(inputs[0], 3)[:2]) * _weights(inputs, (1, 2, 5, 6, 10, 11))


def _svdf(inputs: Sequence[Shape | None], output: Shape, options: Options) -> int:
    """Kernels over features, `[F, C]`, and over time, `[F, T]`, for N inputs."""
    return abs(_rank(inputs[0], 2)[0]) * _weights(inputs, (1, 2))


_KINDS: Mapping[str, Callable[[Sequence[Shape | None], Shape, Options], int]] = {
    "CONV_2D": _convolution,
    "DEPTHWISE_CONV_2D": _depthwise,
    "TRANSPOSE_CONV": _transpose_convolution,
    "CONV_3D": _convolution_3d,
    "CONV_3D_TRANSPOSE": _transpose_convolution_3d,
    "FULLY_CONNECTED": _dense,
    "BATCH_MATMUL": _matrix_product,
    "LSTM": _lstm,
    "UNIDIRECTIONAL_SEQUENCE_LSTM": _sequence_lstm,
    "BIDIRECTIONAL_SEQUENCE_LSTM": _sequence_lstm_both_ways,
    "RNN": _rnn,
    "UNIDIRECTIONAL_SEQUENCE_RNN": _sequence_rnn,
    "BIDIRECTIONAL_SEQUENCE_RNN": _sequence_rnn_both_ways,
    "SVDF": _svdf,
}


def _weights(inputs: Sequence[Shape | None], *places: int | Sequence[int]) -> int:
    """Return the elements of the inputs at some places; those left out have none."""
    flat = [each for place in places for each in ((place,) if isinstance(place, int) else place)]
    shapes = [inputs[place] for place in flat if place < len(inputs)]
    return sum(_size(shape) for shape in shapes if shape is not None)


def _rank(shape: Shape | None, rank: int) -> Shape:
    if shape is None or len(shape) < rank:
        raise IndexError("the tensor is left out or of too low a rank")
    return shape


def _size(shape: Shape) -> int:
    return math.prod(abs(length) for length in shape)  # -1 in a signature: one
