"""The only door to TensorFlow.

Import from here, inside the function that needs it, never at the top of a module:
importing TensorFlow takes seconds, and configuration errors must not wait for it.
Legacy Keras has to be chosen before the first import; this module is that place.
"""

from __future__ import annotations

import gc
import os
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import ModuleType

os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

try:
    # A full collection walks all that there is, and an import makes much and frees little.
    collects = gc.isenabled()
    gc.disable()
    import tensorflow as tf
    import tf_keras as keras

    # TensorFlow has no public names for these, though its own converter and its guides use them.
    from tensorflow.core.protobuf.saved_model_pb2 import SavedModel
    from tensorflow.python.framework.convert_to_constants import (
        convert_variables_to_constants_v2 as freeze,
    )
finally:
    gc.freeze()  # what was imported stays; no later collection needs to walk it
    if collects:
        gc.enable()

__all__ = ["SavedModel", "freeze", "keras", "tf", "tfmot"]


def __getattr__(name: str) -> ModuleType:
    """Import `tfmot` when it is asked for: it takes seconds, and only fine-tuning needs it."""
    if name == "tfmot":
        import tensorflow_model_optimization

        module: ModuleType = tensorflow_model_optimization
        return module
    raise AttributeError(name)
