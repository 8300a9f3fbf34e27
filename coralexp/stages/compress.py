"""Pruning or clustering: from a float model to one whose weights take less room when packed."""

from __future__ import annotations

from functools import partial

from coralexp.stages.fine_tuning import fine_tune

VERSION = 1

compress = partial(fine_tune, stage="compress", metric="accuracy_compressed")
