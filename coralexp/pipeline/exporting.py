"""What the process of an export calls: the job's own parts make the network."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from coralexp.spec.part import bind
from coralexp.spec.stored import from_dict
from coralexp.stages.export_keras import export_keras

if TYPE_CHECKING:
    from coralexp.pipeline.messages import ExportOrder
    from coralexp.quant.contract import QuantizationMode
    from coralexp.training.contract import Recipe


def export(order: ExportOrder) -> None:
    """Write a model in another format.

    Raises:
        CoralexpError: If it cannot be done; the text says why.
    """
    plugins = tuple(order["plugins"])
    experiment = from_dict(order["experiment"], plugins=plugins)
    mode: QuantizationMode = bind(experiment["quant"], plugins)()
    recipe: Recipe = bind(experiment["training"], plugins)()
    height, width, channels = order["image_shape"]
    export_keras(
        Path(order["source"]),
        Path(order["to"]),
        bind(experiment["backbone"], plugins),
        bind(experiment["head"], plugins),
        (height, width, channels),
        classes=order["classes"],
        recipe=recipe,
        tuning=mode.fine_tuning if order["fine_tuned"] else None,
    )
