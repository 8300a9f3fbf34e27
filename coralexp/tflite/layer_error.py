"""How far the layers of a quantized model are from those of the float model.

Both models run on the same images with every activation kept. Their operators are matched by kind
and shape, in the order of execution: what quantization adds (QUANTIZE, DEQUANTIZE) is passed over.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from coralexp.errors import ModelFileError
from coralexp.tflite.prepare_input import prepare_input
from coralexp.tflite.reader import read_graph

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt
    from ai_edge_litert.interpreter import Interpreter

    from coralexp.artifacts.tflite_model import TfliteModel
    from coralexp.tflite.graph import Graph, Operator, Tensor

_PASSED_OVER = frozenset({"QUANTIZE", "DEQUANTIZE", "FAKE_QUANT"})
COLUMNS = ("layer", "operator", "sqnr_db", "cosine", "added_noise")
_SILENT = 1e-12  # mean square below which a layer says nothing, so that nothing is relative to it


@dataclass(frozen=True)
class LayerError:
    """What became of one layer's output.

    Attributes:
        layer: First name that the converter gave the output.
        operator: Kind of the operator, such as `CONV_2D`.
        signal: Mean square of the float output.
        noise: Mean square of the difference.
        cosine: Of the angle between the two outputs as vectors, in [-1, 1].
        added: Noise over signal beyond that of the noisiest input, at least 0: what this layer
            itself adds. The layer that hurts is the one that adds most.
    """

    layer: str
    operator: str
    signal: float
    noise: float
    cosine: float
    added: float

    @property
    def ratio(self) -> float:
        """Noise over signal."""
        return self.noise / max(self.signal, _SILENT)

    @property
    def sqnr_db(self) -> float | None:
        """Signal to quantization noise, 10 log10(signal / noise) in dB; None without noise."""
        if self.noise <= 0:
            return None
        return 10 * math.log10(max(self.signal, _SILENT) / self.noise)


def layer_errors(
    reference: TfliteModel, model: TfliteModel, pixels: npt.NDArray[np.uint8]
) -> list[LayerError]:
    """Return the error of each layer that both models have, in the order of execution.

    Args:
        reference: The float model.
        model: The same network, quantized.
        pixels: uint8 `[M, H, W, C]` in [0, 255], M at least 1; a dozen tell enough.

    Raises:
        ModelFileError: If a file cannot be read or run.
    """
    graphs = [read_graph(reference.path), read_graph(model.path)]
    pairs = list(_pairs(*graphs))
    runners = [_keeping_everything(reference.path), _keeping_everything(model.path)]
    sums = np.zeros((len(pairs), 4))  # signal, noise, product, square of the other
    for image in pixels:
        for one, runner in zip((reference, model), runners, strict=True):
            where = runner.get_input_details()[0]["index"]
            runner.set_tensor(where, prepare_input(image[None], one.input))
            runner.invoke()
        for row, (ours, theirs) in zip(sums, pairs, strict=True):
            true = _real(runners[0], graphs[0], ours)
            seen = _real(runners[1], graphs[1], theirs)
            row += [
                np.mean(true * true),
                np.mean((true - seen) ** 2),
                np.mean(true * seen),
                np.mean(seen * seen),
            ]
    return list(_errors(graphs[0], pairs, sums / len(pixels)))


def _errors(
    graph: Graph, pairs: Sequence[tuple[Operator, Operator]], means: npt.NDArray[np.float64]
) -> Iterator[LayerError]:
    ratio_of: dict[int, float] = {}
    for (operator, _), (signal, noise, product, square) in zip(pairs, means, strict=True):
        ratio = float(noise / max(signal, _SILENT))
        came_in = max((ratio_of.get(index, 0.0) for index in operator.inputs), default=0.0)
        ratio_of[operator.outputs[0]] = ratio
        length = math.sqrt(max(signal * square, _SILENT**2))
        yield LayerError(
            layer=_layer(graph.tensors[operator.outputs[0]]),
            operator=operator.name,
            signal=float(signal),
            noise=float(noise),
            cosine=float(np.clip(product / length, -1, 1)),
            added=max(ratio - came_in, 0.0),
        )


def _pairs(one: Graph, other: Graph) -> Iterator[tuple[Operator, Operator]]:
    """Yield operators of two graphs that compute the same layer."""
    ours, theirs = (
        [step for step in graph.operators if step.name not in _PASSED_OVER and step.outputs]
        for graph in (one, other)
    )
    kinds = [
        [(step.name, graph.tensors[step.outputs[0]].shape) for step in steps]
        for graph, steps in ((one, ours), (other, theirs))
    ]
    for block in SequenceMatcher(None, kinds[0], kinds[1], autojunk=False).get_matching_blocks():
        yield from zip(
            ours[block.a : block.a + block.size],
            theirs[block.b : block.b + block.size],
            strict=True,
        )


def _layer(tensor: Tensor) -> str:
    name = tensor.name.partition(";")[0].partition("/")[0]
    return "output" if "PartitionedCall" in name else name


def _keeping_everything(path: Path) -> Interpreter:
    """Return an interpreter that keeps every activation; delegates would hide them."""
    from ai_edge_litert.interpreter import Interpreter, OpResolverType

    try:
        runner = Interpreter(
            str(path),
            num_threads=1,
            experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
            experimental_preserve_all_tensors=True,
        )
        runner.allocate_tensors()
    except (RuntimeError, ValueError) as error:
        raise ModelFileError(f"{path}: LiteRT cannot run it ({error})") from error
    return runner


def _real(runner: Interpreter, graph: Graph, operator: Operator) -> npt.NDArray[np.float64]:
    """Return the real values of an operator's first output."""
    index = operator.outputs[0]
    stored: npt.NDArray[np.float64] = runner.get_tensor(index).astype(np.float64)
    quantization = graph.tensors[index].quantization
    if quantization is None or graph.tensors[index].dtype == "float32":
        return stored
    return (stored - quantization.zero_points[0]) * quantization.scales[0]


def worst(errors: Sequence[LayerError]) -> LayerError | None:
    """Return the layer that adds most noise; None if none adds any."""
    noisy = [error for error in errors if error.added > 0]
    return max(noisy, key=lambda error: error.added, default=None)


def as_row(error: LayerError) -> Mapping[str, str | float | None]:
    """Return the figures under the names in `COLUMNS`."""
    figures = (error.layer, error.operator, error.sqnr_db, error.cosine, error.added)
    return dict(zip(COLUMNS, figures, strict=True))
