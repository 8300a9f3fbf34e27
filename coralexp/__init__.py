"""A configuration chooses six parts; pure stages turn that choice into artifacts; observers listen.

Each room imports only from the rooms below it:

    cli                      what a user can say: one file a verb
    tracking | report        MLflow and the console; tables and pictures
    pipeline                 in which order, what to reuse, who is told
    stages                   dataset, train, qat, convert, evaluate, measure
    datasets | backbones | heads | quant | devices | training
                             the parts: a contract, and one file a choice
    edgetpu                  the chip
    tflite                   the file that runs on it
    spec | artifacts         what was asked; what was made, and the store
    errors | tf_runtime      every exception raised on purpose; the only door to TensorFlow
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

__all__ = ["run"]


def run(overrides: Sequence[str] = ()) -> pd.DataFrame:
    """Do what the command does, from Python or a notebook.

    Args:
        overrides: As on the command line: `["backbone=mobilenetv2", "quant=ptq,qat"]`.

    Returns:
        A row a job: `id`, `state`, `error`, parameters, metrics and tags by their public names.

    Raises:
        ConfigError: If the request is wrong; nothing was started. It has every problem.
        StoreError: If the store cannot be written.
    """
    from coralexp.cli.run import carry_out
    from coralexp.pipeline.check import problems
    from coralexp.report.frame import frame
    from coralexp.spec.compose import parse

    return frame(carry_out(parse(overrides, check=problems), overrides))
