"""Clustering of weights (tfmot): each layer keeps a few distinct values.

Han, Mao and Dally, 2015, https://arxiv.org/abs/1510.00149. Depthwise kernels are left alone, as
tfmot does. The file is as large as before, and smaller when packed.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from coralexp.errors import OptionError
from coralexp.quant.contract import FineTuning, Images
from coralexp.quant.fine_tuning_limits import refuse_fine_tuning

if TYPE_CHECKING:
    from coralexp.tf_runtime import keras

VERSION = 1


def clustering(clusters: int, epochs: int, learning_rate: float) -> FineTuning:
    """Return the fine-tuning that gives each layer a few distinct weights.

    Args:
        clusters: How many, 2 to 256.
        epochs: Passes over the training split, at least 1.
        learning_rate: Step size of the optimizer, per step, above 0.

    Raises:
        OptionError: If one is out of its range.
    """
    if not 2 <= clusters <= 256:  # noqa: PLR2004 - int8 has no more values
        raise OptionError("clusters", f"expected 2 to 256; got {clusters}")
    refuse_fine_tuning(epochs, learning_rate)
    return FineTuning(
        prepare=partial(_prepare, clusters=clusters),
        calibration_images=0,
        finish=_strip,
        epochs=epochs,
        learning_rate=learning_rate,
        options={"method": "clustering", "clusters": clusters},
        version=VERSION,
    )


def _prepare(model: keras.Model, images: Images, *, clusters: int) -> keras.Model:
    from coralexp.tf_runtime import tfmot

    begin = tfmot.clustering.keras.CentroidInitialization.LINEAR  # no dice are thrown
    return tfmot.clustering.keras.cluster_weights(
        model, number_of_clusters=clusters, cluster_centroids_init=begin
    )


def _strip(model: keras.Model) -> keras.Model:
    from coralexp.tf_runtime import tfmot

    return tfmot.clustering.keras.strip_clustering(model)
