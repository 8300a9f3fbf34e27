"""A quantization mode refuses options that mean nothing, and promises what it keeps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from coralexp.errors import OptionError
from coralexp.quant import cluster, cqat, int16x8, pqat, prune, ptq, ptq_ai_edge, qat
from coralexp.quant.calibration import representative
from coralexp.quant.contract import QuantizationMode
from coralexp.spec.compose import parse
from coralexp.spec.part import bind

CHOICES = sorted(
    path.stem for path in (Path(__file__).resolve().parents[2] / "conf" / "quant").glob("*.yaml")
)

FINE_TUNED = {"qat", "pqat", "cqat"}
COMPRESSED = {"prune", "cluster", "pqat", "cqat"}
INTEGER = {"ptq", "tinyml_ptq", "ptq_ai_edge"} | FINE_TUNED | COMPRESSED
MODES = {"none", "dynamic", "float16", "int16x8"} | INTEGER


def test_the_modes_are_those_that_are_promised() -> None:
    assert set(CHOICES) == MODES


@pytest.mark.parametrize("choice", CHOICES)
def test_every_choice_is_a_mode(choice: str) -> None:
    (experiment,) = parse([f"quant={choice}"]).experiments
    mode = bind(experiment["quant"])()

    assert isinstance(mode, QuantizationMode)
    assert mode.integer_only == (choice in INTEGER)
    assert (mode.fine_tuning is not None) == (choice in FINE_TUNED)
    assert (mode.compression is not None) == (choice in COMPRESSED)
    assert (mode.calibration_images > 0) == (choice in (INTEGER - FINE_TUNED) | {"int16x8"})


@pytest.mark.parametrize("count", [0, -1])
@pytest.mark.parametrize(
    "plan", [ptq.plan, ptq_ai_edge.plan, int16x8.plan], ids=["ptq", "ptq_ai_edge", "int16x8"]
)
def test_no_calibration_images_are_refused(plan, count: int) -> None:
    with pytest.raises(OptionError, match=rf"^calibration_images: .*got {count}\. 100 to 500"):
        plan(calibration_images=count)


@pytest.mark.parametrize(
    ("option", "value"), [("epochs", 0), ("learning_rate", 0.0), ("learning_rate", float("nan"))]
)
def test_fine_tuning_that_would_not_tune_is_refused(option: str, value: float) -> None:
    with pytest.raises(OptionError, match=f"^{option}: .*got {value}"):
        qat.plan(**{option: value})


def test_calibration_spans_the_range_of_pixels_and_leaves_the_images_alone() -> None:
    images = np.full((3, 4, 4, 2), 0.25, np.float32)

    given = [image for (image,) in representative(images)()]

    assert [image.shape for image in given] == [(1, 4, 4, 2)] * 3
    assert (given[0].min(), given[0].max()) == (-1, 1)
    assert all(np.ptp(image) == 0 for image in given[1:])
    assert np.ptp(images) == 0


@pytest.mark.parametrize(
    ("plan", "option", "value"),
    [
        (prune.plan, "sparsity", 0.0),
        (prune.plan, "sparsity", 1.0),
        (pqat.plan, "sparsity", -1.0),
        (cluster.plan, "clusters", 1),
        (cqat.plan, "clusters", 257),
        (cluster.plan, "epochs", 0),
    ],
)
def test_a_compression_that_makes_no_sense_is_refused(plan, option: str, value: float) -> None:
    with pytest.raises(OptionError, match=rf"^{option}: "):
        plan(**{option: value})
