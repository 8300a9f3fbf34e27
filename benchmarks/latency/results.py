"""What the fit is worth: the text of RESULTS.md."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from evidence import Published, not_fitted

from coralexp.edgetpu.latency.predict import predict
from coralexp.edgetpu.place import place
from coralexp.spec.compose import parse
from coralexp.spec.part import bind
from coralexp.tflite.reader import read_model_file

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

# Networks that tf_keras.applications builds, or whose files Coral published.
BUILT = re.compile(r"mobilenet_v|inception_v3|resnet|densenet|vgg")


@dataclass(frozen=True)
class Judged:
    """Published times beside what the model says.

    Attributes:
        rows: What was published.
        fitted: By the model that saw them, in milliseconds.
        left_out: By models that saw no time of the row's network.
        factor: Of the interval, either way.
    """

    rows: Sequence[Published]
    fitted: Sequence[float]
    left_out: Sequence[float]
    factor: float

    @property
    def errors(self) -> np.ndarray:
        """Share by which the models that did not see a network are off, at least 0 `[R]`."""
        published = np.array([row.ms for row in self.rows])
        return np.abs(np.array(self.left_out) / published - 1)

    def by_network(self) -> dict[str, float]:
        """Return the median error of each network."""
        found = defaultdict(list)
        for row, error in zip(self.rows, self.errors, strict=True):
            found[row.network].append(error)
        return {name: float(np.median(errors)) for name, errors in found.items()}

    def inside(self) -> float:
        """Return the share of times inside their intervals, each network counted once."""
        found = defaultdict(list)
        for row, ms in zip(self.rows, self.left_out, strict=True):
            found[row.network].append(abs(math.log(ms / row.ms)) <= math.log(self.factor))
        return float(np.mean([np.mean(values) for values in found.values()]))


def results(judged: Judged, processors: Judged, files: Mapping[str, Path | None]) -> Iterator[str]:
    """Yield the lines of RESULTS.md.

    Args:
        judged: Times on the Edge TPU.
        processors: Times on the processors beside it.
        files: Networks of `not_fitted` to their files; None where there is none.
    """
    yield from _summary(judged)
    yield "| network | device | clock | published ms | fitted ms | left out ms | interval | error |"
    yield "|---|---|---|---|---|---|---|---|"
    for row, fitted, ms in zip(judged.rows, judged.fitted, judged.left_out, strict=True):
        low, high = ms / judged.factor, ms * judged.factor
        yield (
            f"| {row.network} | {row.device} | {row.clock} | {row.ms:g} | {fitted:.2f} | {ms:.2f} "
            f"| {low:.2f} to {high:.2f} | {ms / row.ms - 1:+.0%} |"
        )
    yield from _not_fitted(files)
    yield from _processors(processors)


def _summary(judged: Judged) -> Iterator[str]:
    networks = judged.by_network()
    built = [error for name, error in networks.items() if BUILT.match(name)]
    yield "# The latency model against published times"
    yield ""
    yield "Written by `python benchmarks/latency/fit.py FOLDER`; do not edit it by hand."
    yield ""
    yield f"{len(judged.rows)} published times of {len(networks)} networks that run wholly on the"
    yield "Edge TPU. *Left out* is what a model predicts that saw no time of that network, on any"
    yield "device."
    yield ""
    yield "| left out | median error | 90th percentile |"
    yield "|---|---|---|"
    for words, errors in (
        (f"over {len(networks)} networks (each its median)", list(networks.values())),
        (f"over the {len(built)} of them that tf_keras.applications builds", built),
        (f"over {len(judged.rows)} times", judged.errors),
    ):
        yield f"| {words} | {np.median(errors):.1%} | {np.quantile(errors, 0.9):.1%} |"
    yield ""
    deviation = math.sqrt(0.09 / len(networks))
    yield f"The 90 % interval is a factor of {judged.factor:.3f} either way. Of the networks left"
    yield f"out, each counted once, {judged.inside():.1%} lie inside (90 % of {len(networks)}"
    yield f"networks has a binomial standard deviation of {deviation:.1%})."
    yield ""


def _not_fitted(files: Mapping[str, Path | None]) -> Iterator[str]:
    """Yield the table of times that were not fitted, as the package predicts them now."""
    yield from ("", "## Times that were not fitted", "")
    yield "| network | device | published ms | predicted ms | interval | error | why not fitted |"
    yield "|---|---|---|---|---|---|---|"
    for row in not_fitted():
        path = files[row.network]
        if path is None:
            continue
        device = bind(parse([f"device={row.device}"]).experiments[0]["device"])()
        model = read_model_file(path)
        latency = predict(model.main, place(model), device.edge_tpu)
        if latency is None:
            raise SystemExit(f"{path}: nothing of it runs on the chip")
        yield (
            f"| {row.network} | {row.device} | {row.ms:g} | {latency.ms:.2f} "
            f"| {latency.low_ms:.2f} to {latency.high_ms:.2f} | {latency.ms / row.ms - 1:+.0%} "
            f"| {row.notes} |"
        )


def _processors(judged: Judged) -> Iterator[str]:
    yield from ("", "## The processors beside the chip", "")
    yield f"One law and one speed a host, fitted to {len(judged.rows)} times of one thread of"
    yield f"TensorFlow Lite of 2019: median error {np.median(judged.errors):.0%}, 90th percentile"
    yield f"{np.quantile(judged.errors, 0.9):.0%}; the interval is a factor of {judged.factor:.2f}."
    yield ""
    yield "| network | host | published ms | fitted ms | error |"
    yield "|---|---|---|---|---|"
    for row, ms in zip(judged.rows, judged.fitted, strict=True):
        yield f"| {row.network} | {row.device} | {row.ms:g} | {ms:.1f} | {ms / row.ms - 1:+.0%} |"
