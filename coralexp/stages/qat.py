"""Quantization-aware training: from a float model to one that knows the rounding."""

from __future__ import annotations

from functools import partial

from coralexp.stages.fine_tuning import fine_tune

VERSION = 4

train_quantized = partial(fine_tune, stage="qat", metric="accuracy_fine_tuned")
